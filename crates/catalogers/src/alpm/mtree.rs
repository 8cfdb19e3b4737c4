//! The list of a package's files in the mtree(5) format, compressed with gzip.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};

use crate::{Claimed, ReadError};

/// A line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Row {
    /// With a leading slash.
    pub path: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub gid: String,
    /// Seconds since 1970.
    pub time: Option<i64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub size: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub link: String,
    /// Octal, from the line or from what `/set` says for all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mode: String,
    /// Algorithm and hexadecimal value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<(String, String)>,
}

/// The largest list of an official package is less than half as long.
const TEXT_BYTES: u64 = 64 << 20;

pub(super) fn read(file: &Claimed<'_>) -> Result<Vec<Row>, ReadError> {
    let mut bytes = Vec::new();
    let decoder = MultiGzDecoder::new(file.cursor());
    decoder
        .take(TEXT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| ReadError::Malformed(format!("is no gzip file: {error}")))?;
    if bytes.len() as u64 > TEXT_BYTES {
        return Err(ReadError::TooLarge { limit: TEXT_BYTES, seen: bytes.len() as u64 });
    }
    Ok(rows(&String::from_utf8_lossy(&bytes)))
}

fn rows(text: &str) -> Vec<Row> {
    let mut mode = "";
    let mut rows = Vec::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            None => {}
            Some("/set") => mode = words.filter_map(|word| word.strip_prefix("mode=")).next_back().unwrap_or(mode),
            Some("/unset") => mode = "",
            Some(comment) if comment.starts_with('#') => {}
            Some(name) => rows.extend(row(name, words, mode)),
        }
    }
    rows
}

fn row<'a>(name: &str, words: impl Iterator<Item = &'a str>, mode: &str) -> Option<Row> {
    let name = unescape(name);
    let name = name.strip_prefix("./").unwrap_or(&name);
    // Files of the package format itself.
    if matches!(name, ".BUILDINFO" | ".PKGINFO" | "." | "") {
        return None;
    }
    let mut row = Row { path: format!("/{name}"), mode: mode.to_owned(), ..Row::default() };
    for word in words {
        let Some((key, value)) = word.split_once('=') else { continue };
        match key {
            "type" => value.clone_into(&mut row.kind),
            "uid" => value.clone_into(&mut row.uid),
            "gid" => value.clone_into(&mut row.gid),
            "size" => value.clone_into(&mut row.size),
            "mode" => value.clone_into(&mut row.mode),
            "link" => row.link = unescape(value),
            "time" => row.time = value.split('.').next().and_then(|seconds| seconds.parse().ok()),
            "md5digest" => row.digests.push(("md5".to_owned(), value.to_owned())),
            "sha256digest" => row.digests.push(("sha256".to_owned(), value.to_owned())),
            _ => {}
        }
    }
    Some(row)
}

/// `\040` and the like are bytes in octal.
fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let octal = after.get(..3).filter(|_| *first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            bytes.push(byte);
            rest = after.get(3..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn names_with_blanks_and_modes_for_all() {
        let rows = rows(
            "#mtree\n/set type=file mode=644\n./a\\040b time=1.5 size=3 md5digest=x\n./d mode=755 type=dir\n./.PKGINFO size=1\n",
        );
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].path.as_str(), rows[0].mode.as_str(), rows[0].time), ("/a b", "644", Some(1)));
        assert_eq!((rows[1].path.as_str(), rows[1].mode.as_str()), ("/d", "755"));
    }
}
