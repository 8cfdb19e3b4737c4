//! Gate `npms`: npm packages against a feed that no longer exists.

pub(super) mod blacklisted_name_version;
pub(super) mod feed_data_unavailable;
pub(super) mod newer_version_in_feed;
pub(super) mod unknown_in_feeds;
pub(super) mod version_not_in_feeds;
