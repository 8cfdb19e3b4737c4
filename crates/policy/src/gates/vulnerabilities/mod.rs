//! Gate `vulnerabilities`: known vulnerabilities of packages, and the data about them.

pub(super) mod count;
pub(super) mod denylist;
mod due;
pub(super) mod finding;
pub(super) mod kev_due;
pub(super) mod kev_list;
pub(super) mod package;
pub(super) mod remediation_due;
pub(super) mod stale_feed_data;
pub(super) mod vulnerability_data_unavailable;

use crate::trigger::params::words;

words! {
    /// Whether VEX statements count.
    pub(crate) enum Vex {
        Respect = "respect",
        Ignore = "ignore",
    }
}
pub(crate) use finding::command as upgrade_command;
