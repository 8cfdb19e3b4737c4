//! Files whose content is kept for policies (Anchore's `retrieve_files`; the gates `passwd_file` and
//! `retrieved_files` read them). Their size limit is `limits::RETRIEVED_FILE_BYTES`.

/// Paths from the root, with a leading slash, sorted. Links are followed on the merged tree.
pub const RETRIEVED_PATHS: &[&str] = &["/etc/passwd"];
