//! Gate `ruby_gems`: packages of RubyGems against a feed that no longer exists.

pub(super) mod blacklist;
pub(super) mod feed_data_unavailable;
pub(super) mod newer_version_found_in_feed;
pub(super) mod not_found_in_feed;
pub(super) mod version_not_found_in_feed;
