//! Lists of installed files: `RECORD` of wheels (packaging.python.org, "recording installed projects") and
//! `installed-files.txt` of eggs.

use serde::{Deserialize, Serialize};

/// A file as syft writes it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recorded {
    /// Relative to the folder that packages are installed into.
    pub(super) path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<RecordedDigest>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    size: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RecordedDigest {
    algorithm: String,
    /// Base64 without padding, as in the file.
    value: String,
}

/// Reads `RECORD`: path, `algorithm=digest` and size in each line. Lines of another shape are skipped.
pub(super) fn read_record(text: &str) -> Vec<Recorded> {
    let rows = text.lines().map(fields).filter_map(|row| <[String; 3]>::try_from(row).ok());
    rows.map(|[path, digest, size]| Recorded {
        path,
        digest: digest
            .split_once('=')
            .map(|(algorithm, value)| RecordedDigest { algorithm: algorithm.to_owned(), value: value.to_owned() }),
        size,
    })
    .collect()
}

/// One line of comma-separated values; quoted fields may hold commas and doubled quotes.
fn fields(line: &str) -> Vec<String> {
    if !line.contains('"') {
        return line.split(',').map(str::to_owned).collect();
    }
    let (mut all, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    all.push(field);
    all
}

/// Reads `installed-files.txt` of the metadata folder `folder`: its lines are relative to that folder, the
/// result to `root`.
pub(super) fn read_installed_files(text: &str, folder: &str, root: &str) -> Vec<Recorded> {
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| Recorded {
            path: relative(root, &clean(&format!("{folder}/{line}"))),
            digest: None,
            size: String::new(),
        })
        .collect()
}

/// An absolute path without `.`, `..` and doubled slashes.
fn clean(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// A path as seen from a folder; both absolute and clean.
fn relative(from: &str, to: &str) -> String {
    let split = |path: &'_ str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (split(from), split(to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - common);
    up.chain(to.iter().skip(common).map(String::as_str)).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::{read_installed_files, read_record};

    #[test]
    fn records_keep_path_digest_and_size() {
        let files = read_record(
            "x/a.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n\"x/b,\"\"c.py\",,\n../../bin/x,md5,12\nshort,\n",
        );
        assert_eq!(
            files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(),
            ["x/a.py", "x/b,\"c.py", "../../bin/x"]
        );
        let json = serde_json::to_string(&files).unwrap();
        assert!(json.starts_with(
            r#"[{"path":"x/a.py","digest":{"algorithm":"sha256","value":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"},"size":"0"},"#
        ));
        assert!(json.ends_with(r#"{"path":"../../bin/x","size":"12"}]"#));
    }

    #[test]
    fn installed_files_are_turned_to_the_root() {
        let files =
            read_installed_files("../x/__init__.py\nPKG-INFO\n../../../bin/x\n", "/usr/lib/p/x.egg-info", "/usr/lib/p");
        let paths: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["x/__init__.py", "x.egg-info/PKG-INFO", "../../bin/x"]);
    }
}
