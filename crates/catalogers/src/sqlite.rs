//! Rows of a table of an SQLite database file (<https://www.sqlite.org/fileformat2.html>), read page by
//! page without copying the file.
//!
//! Left out: indexes, tables without row ids, text that is not UTF-8, and changes that still wait in a
//! write-ahead log. Every page is visited once at most, so no file can make it run on.

use stopgate_archive::ReadAt;

use crate::ReadError;

/// A column of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// NULL, and the alias of the row id.
    Null,
    /// An integer.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// Text, invalid UTF-8 replaced.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// An open database file.
pub(crate) struct Database<'a> {
    content: &'a dyn ReadAt,
    page_size: usize,
    /// Bytes of a page that are not reserved.
    usable: usize,
    pages: u64,
}

/// The first bytes of every database.
pub(crate) const MAGIC: &[u8] = b"SQLite format 3\0";

/// No row of ours is longer.
const ROW_BYTES: u64 = 256 << 20;
const DEEPEST: u32 = 40;

impl<'a> Database<'a> {
    /// Reads the header.
    pub(crate) fn open(content: &'a dyn ReadAt) -> Result<Self, ReadError> {
        let mut header = [0; 100];
        content.read_exact_at(0, &mut header)?;
        if !header.starts_with(MAGIC) {
            return Err(malformed("does not begin as an SQLite database"));
        }
        let page_size = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65536,
            size => usize::from(size),
        };
        let usable = page_size.saturating_sub(usize::from(header[20]));
        if !page_size.is_power_of_two() || page_size < 512 || usable < 480 {
            return Err(malformed("has a page size that SQLite does not have"));
        }
        Ok(Self { content, page_size, usable, pages: content.size().div_ceil(page_size as u64) })
    }

    /// Calls `row` with row id and columns of every row of a table; `false` when there is no such table.
    pub(crate) fn rows(&self, table: &str, row: &mut dyn FnMut(i64, Vec<Value>)) -> Result<bool, ReadError> {
        let mut root = None;
        self.walk(1, &mut |_, columns| {
            if let [Value::Text(kind), Value::Text(name), _, Value::Integer(page), ..] = columns.as_slice()
                && kind == "table"
                && name.eq_ignore_ascii_case(table)
            {
                root = u32::try_from(*page).ok();
            }
        })?;
        match root {
            Some(root) => self.walk(root, row).map(|()| true),
            None => Ok(false),
        }
    }

    fn walk(&self, root: u32, row: &mut dyn FnMut(i64, Vec<Value>)) -> Result<(), ReadError> {
        let mut seen = vec![false; usize::try_from(self.pages).unwrap_or(0) + 1];
        let mut todo = vec![(root, 0)];
        while let Some((number, depth)) = todo.pop() {
            let page = self.page(number, &mut seen)?;
            let start = if number == 1 { 100 } else { 0 };
            let count = usize::from(be16(&page, start + 3).ok_or_else(cut)?);
            let kind = page.get(start).copied();
            let pointers = start + if kind == Some(5) { 12 } else { 8 };
            let mut children = Vec::new();
            for cell in 0..count {
                let at = usize::from(be16(&page, pointers + 2 * cell).ok_or_else(cut)?);
                match kind {
                    Some(5) => children.push(be32(&page, at).ok_or_else(cut)?),
                    Some(13) => {
                        let (id, payload) = self.cell(&page, at, &mut seen)?;
                        row(id, columns(&payload).ok_or_else(cut)?);
                    }
                    _ => return Err(malformed("has a page that is no part of a table")),
                }
            }
            if kind == Some(5) {
                children.push(be32(&page, start + 8).ok_or_else(cut)?);
                if depth >= DEEPEST {
                    return Err(malformed("has a table that is too deep"));
                }
                todo.extend(children.into_iter().rev().map(|child| (child, depth + 1)));
            }
        }
        Ok(())
    }

    fn page(&self, number: u32, seen: &mut [bool]) -> Result<Vec<u8>, ReadError> {
        match seen.get_mut(number as usize) {
            Some(seen) if !*seen && number > 0 => *seen = true,
            _ => return Err(malformed("has a page that is missing or used twice")),
        }
        let mut page = vec![0; self.page_size];
        self.content.read_exact_at(u64::from(number - 1) * self.page_size as u64, &mut page)?;
        Ok(page)
    }

    /// Row id and whole payload of a cell of a leaf.
    fn cell(&self, page: &[u8], at: usize, seen: &mut [bool]) -> Result<(i64, Vec<u8>), ReadError> {
        let (length, at) = varint(page, at).ok_or_else(cut)?;
        let (id, at) = varint(page, at).ok_or_else(cut)?;
        let length = length as u64;
        if length > ROW_BYTES.min(self.content.size()) {
            return Err(malformed("has a row that is longer than the file or the limit"));
        }
        let length = length as usize;
        let local = self.local(length);
        let mut payload = page.get(at..at + local).ok_or_else(cut)?.to_vec();
        let mut next = if local < length { be32(page, at + local).ok_or_else(cut)? } else { 0 };
        while payload.len() < length {
            let more = self.page(next, seen)?;
            next = be32(&more, 0).ok_or_else(cut)?;
            let take = (length - payload.len()).min(self.usable - 4);
            payload.extend_from_slice(more.get(4..4 + take).ok_or_else(cut)?);
        }
        Ok((id, payload))
    }

    /// Bytes of a payload that lie in the leaf itself.
    const fn local(&self, length: usize) -> usize {
        if length <= self.usable - 35 {
            return length;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let wanted = least + (length - least) % (self.usable - 4);
        if wanted <= self.usable - 35 { wanted } else { least }
    }
}

fn columns(payload: &[u8]) -> Option<Vec<Value>> {
    let (header, mut at) = varint(payload, 0)?;
    let header = usize::try_from(header).ok().filter(|header| *header <= payload.len())?;
    let mut data = header;
    let mut columns = Vec::new();
    while at < header {
        let (kind, next) = varint(payload, at)?;
        at = next;
        let (value, end) = column(payload, data, u64::try_from(kind).ok()?)?;
        columns.push(value);
        data = end;
    }
    Some(columns)
}

fn column(payload: &[u8], at: usize, kind: u64) -> Option<(Value, usize)> {
    let length = match kind {
        0 | 8 | 9 => 0,
        1..=4 => kind as usize,
        5 => 6,
        6 | 7 => 8,
        10 | 11 => return None,
        _ => usize::try_from((kind - 12) / 2).ok()?,
    };
    let end = at.checked_add(length)?;
    let bytes = payload.get(at..end)?;
    let value = match kind {
        0 => Value::Null,
        8 => Value::Integer(0),
        9 => Value::Integer(1),
        7 => Value::Real(f64::from_be_bytes(bytes.try_into().ok()?)),
        1..=6 => {
            let sign = if bytes.first().is_some_and(|byte| *byte >= 0x80) { -1 } else { 0 };
            Value::Integer(bytes.iter().fold(sign, |number, byte| (number << 8) | i64::from(*byte)))
        }
        _ if kind.is_multiple_of(2) => Value::Blob(bytes.to_vec()),
        _ => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
    };
    Some((value, end))
}

fn varint(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let mut number = 0_u64;
    for (count, byte) in bytes.get(at..)?.iter().take(9).enumerate() {
        if count == 8 {
            return Some((((number << 8) | u64::from(*byte)) as i64, at + 9));
        }
        number = (number << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number as i64, at + count + 1));
        }
    }
    None
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_be_bytes)
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_be_bytes)
}

fn malformed(what: &str) -> ReadError {
    ReadError::Malformed(what.to_owned())
}

fn cut() -> ReadError {
    malformed("has a page whose cells lie outside of it")
}

#[cfg(test)]
mod tests {
    use super::{Database, Value};

    fn example() -> Vec<u8> {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "PRAGMA page_size = 512;
                 CREATE TABLE other(x);
                 CREATE TABLE rows(id INTEGER PRIMARY KEY, number, word TEXT, bytes BLOB);
                 INSERT INTO other VALUES (1);",
            )
            .unwrap();
        for id in 1..200_i64 {
            let bytes = vec![id as u8; (id as usize) * 37];
            connection
                .execute(
                    "INSERT INTO rows VALUES (?1, ?2, ?3, ?4)",
                    (id, if id == 7 { None } else { Some(id * -100_000) }, format!("row {id}"), bytes),
                )
                .unwrap();
        }
        connection.serialize("main").unwrap().to_vec()
    }

    #[test]
    fn reads_every_row_with_its_overflow_pages() {
        let bytes = example();
        let mut rows = Vec::new();
        let found = Database::open(&bytes).unwrap().rows("rows", &mut |id, columns| rows.push((id, columns))).unwrap();
        assert!(found);
        assert_eq!(rows.len(), 199);
        for (id, columns) in &rows {
            assert_eq!(columns[0], Value::Null);
            assert_eq!(columns[1], if *id == 7 { Value::Null } else { Value::Integer(id * -100_000) });
            assert_eq!(columns[2], Value::Text(format!("row {id}")));
            assert_eq!(columns[3], Value::Blob(vec![*id as u8; (*id as usize) * 37]));
        }
        assert!(!Database::open(&bytes).unwrap().rows("none", &mut |_, _| ()).unwrap());
    }

    #[test]
    fn any_bytes_end_in_rows_or_an_error() {
        let good = example();
        arbtest::arbtest(|u| {
            let mut bytes = good.clone();
            for _ in 0..u.int_in_range(1..=40)? {
                let at = u.choose_index(bytes.len().min(8192))?;
                bytes[at] = u.arbitrary()?;
            }
            bytes.truncate(u.int_in_range(0..=bytes.len())?);
            if let Ok(database) = Database::open(&bytes) {
                let _ = database.rows("rows", &mut |_, _| ());
            }
            Ok(())
        })
        .budget_ms(300);
    }
}
