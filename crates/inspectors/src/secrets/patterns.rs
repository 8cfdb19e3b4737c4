//! Anchore's default patterns: their texts, which are part of its trigger ids, and what they mean.
//!
//! The texts need look-around; here each is a few checks on a line that are linear in its length. A
//! test holds both against each other.

/// A pattern by name.
#[derive(Debug)]
pub struct SecretPattern {
    /// Name, for example `AWS_ACCESS_KEY`.
    pub name: &'static str,
    /// Text, a regular expression of Python.
    pub text: &'static str,
    test: fn(&[u8]) -> bool,
}

impl SecretPattern {
    /// Whether a line (without its line feed) matches from its start.
    pub(super) fn matches(&self, line: &[u8]) -> bool {
        (self.test)(line)
    }
}

/// The patterns that are searched.
pub static SECRET_PATTERNS: [SecretPattern; 5] = [
    SecretPattern {
        name: "AWS_ACCESS_KEY",
        text: "(?i).*aws_access_key_id( *=+ *).*(?<![A-Z0-9])[A-Z0-9]{20}(?![A-Z0-9]).*",
        test: |line| assigned(line, &["aws_access_key_id"], alphanumeric, 20, 20),
    },
    SecretPattern {
        name: "AWS_SECRET_KEY",
        text: "(?i).*aws_secret_access_key( *=+ *).*(?<![A-Za-z0-9/+=])[A-Za-z0-9/+=]{40}(?![A-Za-z0-9/+=]).*",
        test: |line| assigned(line, &["aws_secret_access_key"], base64, 40, 40),
    },
    SecretPattern { name: "PRIV_KEY", text: "(?i)-+BEGIN(.*)PRIVATE KEY-+", test: private_key },
    SecretPattern { name: "DOCKER_AUTH", text: "(?i).*\"auth\": *\".+\"", test: docker_auth },
    SecretPattern {
        name: "API_KEY",
        text: "(?i).*api(-|_)key( *=+ *).*(?<![A-Z0-9])[A-Z0-9]{20,60}(?![A-Z0-9]).*",
        test: |line| assigned(line, &["api_key", "api-key"], alphanumeric, 20, 60),
    },
];

const fn alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

const fn base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+' | b'=')
}

/// One of the names, blanks, a `=`, and behind it a run of between `least` and `most` bytes of a class
/// that no byte of the class adjoins.
fn assigned(line: &[u8], names: &[&str], class: fn(u8) -> bool, least: usize, most: usize) -> bool {
    // The earliest assignment leaves the most of the line.
    let rest = names.iter().filter_map(|name| after_assignment(line, name.as_bytes())).max_by_key(|rest| rest.len());
    let Some(rest) = rest else { return false };
    // The byte before `rest` is the `=`: a run of a class with `=` in it began before.
    let first = if class(b'=') { rest.iter().position(|byte| !class(*byte)) } else { Some(0) };
    let Some(rest) = first.and_then(|first| rest.get(first..)) else { return false };
    rest.split(|byte| !class(*byte)).any(|run| (least..=most).contains(&run.len()))
}

/// What follows the first `=` of the first assignment to a name.
fn after_assignment<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = line;
    while let Some(position) = find(rest, name) {
        rest = rest.get(position + name.len()..)?;
        let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
        if let Some(b'=') = rest.get(blanks) {
            return rest.get(blanks + 1..);
        }
    }
    None
}

fn private_key(line: &[u8]) -> bool {
    let dashes = line.iter().take_while(|byte| **byte == b'-').count();
    let rest = line.get(dashes..).unwrap_or_default();
    let label = rest.get(5..).unwrap_or_default();
    let begins = rest.get(..5).is_some_and(|word| word.eq_ignore_ascii_case(b"BEGIN"));
    dashes > 0 && begins && find(label, b"PRIVATE KEY-").is_some()
}

fn docker_auth(line: &[u8]) -> bool {
    let Some(last_quote) = memchr::memrchr(b'"', line) else { return false };
    let mut position = 0;
    while let Some(found) = line.get(position..).and_then(|rest| find(rest, b"\"auth\":")) {
        position += found + 7;
        let blanks = line.get(position..).unwrap_or_default().iter().take_while(|byte| **byte == b' ').count();
        let quote = position + blanks;
        if line.get(quote) == Some(&b'"') && last_quote >= quote + 2 {
            return true;
        }
    }
    false
}

/// The first occurrence of `name`, upper and lower case alike.
fn find(text: &[u8], name: &[u8]) -> Option<usize> {
    text.windows(name.len()).position(|window| window.eq_ignore_ascii_case(name))
}
