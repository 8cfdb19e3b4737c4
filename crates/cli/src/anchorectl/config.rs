//! The configuration file: found, read, and its keys as the variables that they stand for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use stopgate_model::limits;

use super::failure::Failure;

/// A configuration file.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub(super) path: PathBuf,
    pub(super) document: Value,
    /// Every word of the document under the name of its variable.
    pub(super) flat: BTreeMap<String, String>,
}

/// Where a file is looked for, first hit wins.
fn places(folder: &Path, home: Option<PathBuf>, config_home: Option<PathBuf>) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> =
        [".anchorectl.yaml", "anchorectl.yaml", ".anchorectl/config.yaml"].map(|name| folder.join(name)).to_vec();
    if let Some(home) = &home {
        places.extend([".anchorectl.yaml", "anchorectl.yaml"].map(|name| home.join(name)));
    }
    if let Some(folder) = config_home.or_else(|| Some(home?.join(".config"))) {
        places.push(folder.join("anchorectl/config.yaml"));
    }
    places
}

/// Reads the named file, which must exist, or the first that there is.
pub(super) fn find(
    named: Option<&Path>,
    folder: &Path,
    home: Option<PathBuf>,
    config_home: Option<PathBuf>,
) -> Result<Option<Config>, Failure> {
    let path = match named {
        Some(path) => Some(path.to_owned()),
        None => places(folder, home, config_home).into_iter().find(|path| path.is_file()),
    };
    path.map(read).transpose()
}

fn read(path: PathBuf) -> Result<Config, Failure> {
    let bytes = crate::sources::read_file(&path, limits::METADATA_BYTES)?;
    let fail = |what: String| Failure::new(format!("the configuration `{}` cannot be read: {what}", path.display()));
    let text = String::from_utf8(bytes).map_err(|_| fail("it is not UTF-8".to_owned()))?;
    let document: Value = match text.trim() {
        "" => Value::Null,
        text => serde_saphyr::from_str(text).map_err(|error| fail(error.to_string()))?,
    };
    if !matches!(document, Value::Object(_) | Value::Null) {
        return Err(fail("expected a mapping of settings".to_owned()));
    }
    let mut flat = BTreeMap::new();
    flatten(&document, "ANCHORECTL", &mut flat);
    Ok(Config { path, document, flat })
}

/// `http: {tls-insecure: true}` becomes `ANCHORECTL_HTTP_TLS_INSECURE` = `true`.
fn flatten(value: &Value, name: &str, flat: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let key = key.to_ascii_uppercase().replace(['-', '.'], "_");
                flatten(value, &format!("{name}_{key}"), flat);
            }
        }
        Value::String(text) => {
            flat.insert(name.to_owned(), text.clone());
        }
        Value::Bool(_) | Value::Number(_) => {
            flat.insert(name.to_owned(), value.to_string());
        }
        // Lists have readers of their own.
        Value::Array(_) | Value::Null => {}
    }
}

/// How a message names the key behind a variable. Its words cannot be told from its levels any more.
pub(super) fn key_of(variable: &str) -> String {
    format!("the setting {}", variable.strip_prefix("ANCHORECTL_").unwrap_or(variable).to_ascii_lowercase())
}
