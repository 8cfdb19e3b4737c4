//! Gate `files`: names, attributes and contents of the files of the squashed image.

pub(super) mod attribute_match;
pub(super) mod capabilities;
pub(super) mod content_regex_match;
pub(super) mod name_match;
pub(super) mod permissions;
pub(super) mod suid_or_guid_set;
