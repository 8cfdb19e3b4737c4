//! Times in tables: microseconds since 1970 in UTC.

use jiff::Timestamp;

use crate::StoreError;

pub(crate) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

pub(crate) fn timestamp(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|_| StoreError::Damaged(format!("{micros} is no time")))
}
