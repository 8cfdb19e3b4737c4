//! Public keys in PEM (RFC 7468). What stands between the blocks is for people.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const LABEL: &str = "PUBLIC KEY";

/// The content of every block; the error says what is wrong with the text.
pub(super) fn public_keys(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let mut keys = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(label) = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")) else {
            continue;
        };
        if label != LABEL {
            let label: String = label.chars().take(50).collect();
            return Err(format!("holds a `{label}`: expected a `{LABEL}`"));
        }
        let mut body = String::new();
        loop {
            match lines.next() {
                Some(line) if line.strip_prefix("-----END ") == Some("PUBLIC KEY-----") => break,
                Some(line) if !line.starts_with('-') => body.push_str(line),
                _ => return Err(format!("holds a `{LABEL}` that does not end")),
            }
        }
        keys.push(STANDARD.decode(&body).map_err(|_| format!("holds a `{LABEL}` that is not base64"))?);
    }
    Ok(keys)
}
