//! What an ecosystem knows of a package beyond what matching and policy read.

/// The fields of details that name who supplies a package, the first that is there counts.
pub const SUPPLIER_FIELDS: [&str; 4] = ["maintainer", "vendor", "packager", "author"];

/// Ecosystem details as syft writes them: `metadataType` and the raw JSON of `metadata`.
///
/// The struct behind the JSON lives in the cataloger's own file, so an unknown type survives a round trip.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Details {
    /// syft's `metadataType`, for example `dpkg-db-entry`.
    pub type_name: String,
    /// Compact JSON object, valid by construction in `catalogers` and `formats`.
    pub json: String,
}
