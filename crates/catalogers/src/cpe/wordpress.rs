//! Plug-ins of WordPress.

use super::candidates::Candidates;

/// Names of the plug-in: its own and that of its folder.
pub(super) fn add_products(name: &str, folder: &str, products: &mut Candidates<'_>) {
    products.add(normalised(name));
    products.add(normalised(folder));
}

/// The author and the author's site; a project of the plug-in's name when neither is known.
pub(super) fn add_vendors(name: &str, author: &str, site: &str, vendors: &mut Candidates<'_>) {
    if !author.is_empty() {
        vendors.add(author.to_lowercase());
    }
    if let Some(host) = host(site) {
        vendors.add(host.to_lowercase());
    }
    if vendors.is_empty() {
        vendors.add(format!("{}_project", normalised(name)));
    }
}

fn normalised(name: &str) -> String {
    name.to_lowercase().trim().replace(' ', "_")
}

/// What stands before the last point of an address: `wow-estore` of `https://wow-estore.com`.
fn host(site: &str) -> Option<&str> {
    let rest = site.strip_prefix("https://").or_else(|| site.strip_prefix("http://"))?.lines().next()?;
    let before_point = |text: &str| {
        let point = text
            .as_bytes()
            .windows(2)
            .rposition(|pair| matches!(pair, [b'.', next] if next.is_ascii_alphanumeric() || *next == b'_'));
        point.filter(|point| *point > 0)
    };
    let short = rest.strip_prefix("www").and_then(|rest| {
        let mut symbols = rest.chars();
        symbols.next()?;
        Some(symbols.as_str())
    });
    for text in short.into_iter().chain([rest]) {
        if let Some(point) = before_point(text) {
            return text.get(..point);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn hosts_of_sites() {
        for (site, expected) in [
            ("https://wow-estore.com", Some("wow-estore")),
            ("http://www.automattic.com/wordpress-plugins/", Some("automattic")),
            ("https://a.b.org/", Some("a.b")),
            ("https://www.com", Some("www")),
            ("https://localhost", None),
            ("ftp://a.org", None),
            ("", None),
        ] {
            assert_eq!(host(site), expected, "{site}");
        }
    }
}
