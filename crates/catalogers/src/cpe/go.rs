//! Vendor and product in the path of a Go module.

use std::borrow::Cow;

/// The organisation that publishes a module; `None` when the path does not tell.
pub(super) fn vendor(module: &str) -> Option<String> {
    let (host, path) = split(module)?;
    match host {
        "google.golang.org" => Some("google".to_owned()),
        "golang.org" => Some("golang".to_owned()),
        "gopkg.in" => None,
        _ => path.split_once('/').map(|(organisation, _)| organisation.to_owned()),
    }
}

/// What the organisation calls the module; the whole rest of the path, since shorter names mean others.
pub(super) fn product(module: &str) -> Option<String> {
    let (host, path) = split(module)?;
    match host {
        "golang.org" | "gopkg.in" => Some(path.into_owned()),
        "google.golang.org" => path.split('/').next().map(str::to_owned),
        _ => path.split_once('/').map(|(_, product)| product.to_owned()),
    }
}

/// Host and path, as of an address without its scheme.
fn split(module: &str) -> Option<(&str, Cow<'_, str>)> {
    if module.bytes().any(|byte| byte.is_ascii_control()) {
        return None;
    }
    let module = module.split(['#', '?']).next()?;
    let (host, path) = module.split_once('/').unwrap_or((module, ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    if let Some((_, port)) = host.rsplit_once(':')
        && !port.bytes().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    if host.contains([' ', '%', '\\', '^', '`', '{', '}', '|']) {
        return None;
    }
    let path = decoded(path)?;
    Some(match path {
        Cow::Borrowed(path) => (host, Cow::Borrowed(path.trim_matches('/'))),
        Cow::Owned(path) => (host, Cow::Owned(path.trim_matches('/').to_owned())),
    })
}

fn decoded(path: &str) -> Option<Cow<'_, str>> {
    if !path.contains('%') {
        return Some(Cow::Borrowed(path));
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first == b'%' {
            let (digits, after) = rest.split_at_checked(2)?;
            bytes.extend(hex::decode(digits).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::{product, vendor};

    #[test]
    fn modules_by_their_paths() {
        for (module, names) in [
            ("github.com/someone/something", (Some("someone"), Some("something"))),
            ("github.com/someone/something/long/name", (Some("someone"), Some("something/long/name"))),
            ("golang.org/x/xerrors", (Some("golang"), Some("x/xerrors"))),
            ("gopkg.in/yaml.v2", (None, Some("yaml.v2"))),
            ("google.golang.org/genproto/googleapis/rpc", (Some("google"), Some("genproto"))),
            ("place", (None, None)),
            ("place.com/", (None, None)),
            ("place.com/someone-or-thing", (None, None)),
            ("place.com/a%20b/c", (Some("a b"), Some("c"))),
            ("place.com/a%2/c", (None, None)),
            ("place.com:x/a/c", (None, None)),
            ("", (None, None)),
        ] {
            assert_eq!((vendor(module).as_deref(), product(module).as_deref()), names, "{module}");
        }
    }
}
