//! Go modules: linked into executables (build information) and declared in `go.mod`.

mod binary;
mod build_info;
mod main_version;
mod module_file;
mod module_licenses;

pub(crate) use binary::GO_BINARY;
pub(crate) use module_file::GO_MODULE_FILE;

use stopgate_model::Purl;

/// The package URL of a module: all but the last part of its path is the namespace.
fn purl(path: &str, version: &str) -> String {
    if path.is_empty() {
        return String::new();
    }
    let (namespace, name) = path
        .rsplit_once('/')
        .filter(|(namespace, name)| !namespace.is_empty() && !name.is_empty())
        .unwrap_or(("", path));
    Purl::new("golang", namespace, name, version).to_string()
}
