//! The distribution of an artifact, with the fields of os-release(5).

/// Fields of os-release; empty when absent. `version` and `version_id` as corrected by the reader
/// (Debian's point release from `/etc/debian_version`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Distro {
    /// `ID`, lower case, for example `debian`.
    pub id: String,
    /// `ID_LIKE`, split at blanks.
    pub id_like: Vec<String>,
    /// `NAME`.
    pub name: String,
    /// `PRETTY_NAME`.
    pub pretty_name: String,
    /// `VERSION`.
    pub version: String,
    /// `VERSION_ID`.
    pub version_id: String,
    /// `VERSION_CODENAME`.
    pub version_codename: String,
    /// `BUILD_ID`.
    pub build_id: String,
    /// `IMAGE_ID`.
    pub image_id: String,
    /// `IMAGE_VERSION`.
    pub image_version: String,
    /// `VARIANT`.
    pub variant: String,
    /// `VARIANT_ID`.
    pub variant_id: String,
    /// `HOME_URL`.
    pub home_url: String,
    /// `SUPPORT_URL`.
    pub support_url: String,
    /// `BUG_REPORT_URL`.
    pub bug_report_url: String,
    /// `PRIVACY_POLICY_URL`.
    pub privacy_policy_url: String,
    /// `CPE_NAME`.
    pub cpe_name: String,
    /// `SUPPORT_END`.
    pub support_end: String,
    /// Whether extended support (RHEL EUS, Ubuntu ESM) is in use.
    pub extended_support: bool,
}
