//! Formatted strings of CPE 2.3 and their order.

use std::borrow::Cow;
use std::cmp::Ordering;

/// Symbols that stand behind a backslash.
const ESCAPED: &[u8] = b"!\"#$%&'()+,/:;<=>@[]^`{|}~";

/// A field's value and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute<'a> {
    raw: &'a str,
    written: Cow<'a, str>,
}

impl<'a> Attribute<'a> {
    /// `None` when the value cannot be written. An empty one means any, a hyphen none.
    pub(super) fn of(raw: &'a str) -> Option<Self> {
        let written = match raw {
            "" | "*" => Cow::Borrowed("*"),
            _ if raw.bytes().all(is_plain) => Cow::Borrowed(raw),
            _ => Cow::Owned(escaped(raw)?),
        };
        Some(Self { raw, written })
    }

    /// The value.
    pub(super) fn raw(&self) -> &'a str {
        self.raw
    }
}

/// Whether a byte is written as it is.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

fn escaped(raw: &str) -> Option<String> {
    let body = without_wildcards(raw);
    if body.is_empty() {
        return None;
    }
    let first = body.as_ptr() as usize - raw.as_ptr() as usize;
    let mut written = String::with_capacity(raw.len() + 8);
    written.push_str(raw.get(..first)?);
    let mut bytes = body.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' => written.push('_'),
            _ if is_plain(byte) => written.push(char::from(byte)),
            // What came with a backslash stands only when that makes a backslash or a wildcard plain.
            b'\\' => {
                let next = bytes.next().filter(|next| matches!(next, b'\\' | b'*' | b'?'))?;
                written.extend(['\\', char::from(next)]);
            }
            _ if ESCAPED.contains(&byte) => written.extend(['\\', char::from(byte)]),
            _ => return None,
        }
    }
    written.push_str(raw.get(first + body.len()..)?);
    Some(written)
}

/// A value without the wildcards that may stand at its ends: any number of `?` or one `*`.
fn without_wildcards(raw: &str) -> &str {
    let body = raw.trim_start_matches('?');
    let body = if body.len() == raw.len() { body.strip_prefix('*').unwrap_or(body) } else { body };
    let escaped = |body: &str| body.ends_with("\\?") || body.ends_with("\\*");
    if escaped(body) {
        return body;
    }
    let short = body.trim_end_matches('?');
    if short.len() == body.len() { body.strip_suffix('*').unwrap_or(body) } else { short }
}

/// Those values that can be written.
pub(super) fn attributes<'a>(values: &[&'a str]) -> Vec<Attribute<'a>> {
    values.iter().filter_map(|value| Attribute::of(value)).collect()
}

/// What stands behind the product in the names of an application: its version and platform, the rest any.
pub(super) fn ending(version: &Attribute<'_>, platform: &Attribute<'_>) -> String {
    [":", &version.written, ":*:*:*:*:", &platform.written, ":*:*"].concat()
}

/// The name of an application.
pub(super) fn name(vendor: &Attribute<'_>, product: &Attribute<'_>, ending: &str) -> String {
    const BEGINNING: &str = "cpe:2.3:a:";
    let length = BEGINNING.len() + vendor.written.len() + 1 + product.written.len() + ending.len();
    let mut name = String::with_capacity(length);
    name.push_str(BEGINNING);
    name.push_str(&vendor.written);
    name.push(':');
    name.push_str(&product.written);
    name.push_str(ending);
    name
}

/// Order of vendor and product: the longer names together tell more, so they come first; then the text decides.
pub(super) fn specific_first<'a>(a: (&Attribute<'a>, &Attribute<'a>), b: (&Attribute<'a>, &Attribute<'a>)) -> Ordering {
    let length = |(vendor, product): (&Attribute<'a>, &Attribute<'a>)| vendor.raw.len() + product.raw.len();
    length(b).cmp(&length(a)).then_with(|| by_text(a, b))
}

/// Order of `vendor:product`.
fn by_text<'a>(a: (&Attribute<'a>, &Attribute<'a>), b: (&Attribute<'a>, &Attribute<'a>)) -> Ordering {
    let shared = a.0.raw.len().min(b.0.raw.len());
    let beginnings = a.0.raw.as_bytes().get(..shared).cmp(&b.0.raw.as_bytes().get(..shared));
    beginnings.then_with(|| {
        let rest = |(vendor, product): (&Attribute<'a>, &Attribute<'a>)| {
            let vendor = vendor.raw.bytes().skip(shared);
            vendor.chain(std::iter::once(b':')).chain(product.raw.bytes())
        };
        if a.0.raw.len() == b.0.raw.len() { a.1.raw.cmp(b.1.raw) } else { rest(a).cmp(rest(b)) }
    })
}

#[cfg(test)]
mod tests {
    use super::Attribute;

    #[test]
    fn values_are_escaped_or_refused() {
        for (raw, expected) in [
            ("", Some("*")),
            ("*", Some("*")),
            ("-", Some("-")),
            ("openssl", Some("openssl")),
            ("1:2.3-4+deb11~1", Some("1\\:2.3-4\\+deb11\\~1")),
            ("@scope/name_x", Some("\\@scope\\/name_x")),
            ("two words", Some("two_words")),
            ("??a?", Some("??a?")),
            ("*a*", Some("*a*")),
            ("a?b", None),
            ("a**", None),
            ("*?a", None),
            ("?*", None),
            ("a\\b", None),
            ("a\\", None),
            ("a\\.b", None),
            ("a\\\\b", Some("a\\\\b")),
            ("a\\?", Some("a\\?")),
            ("rodríguez", None),
            ("a\tb", None),
        ] {
            assert_eq!(Attribute::of(raw).map(|attribute| attribute.written).as_deref(), expected, "{raw}");
        }
    }
}
