//! CPE 2.3 names as formatted strings (NISTIR 7695), read as grype reads them: attributes without their escapes,
//! `*` as the empty text.

/// The attributes of a CPE; an empty one means any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cpe {
    pub(crate) part: String,
    pub(crate) vendor: String,
    pub(crate) product: String,
    pub(crate) version: String,
    pub(crate) update: String,
    pub(crate) edition: String,
    pub(crate) language: String,
    pub(crate) software_edition: String,
    pub(crate) target_software: String,
    pub(crate) target_hardware: String,
    pub(crate) other: String,
}

const ESCAPED: &str = "-!\"#$%&'()+,./:;<=>@[]^`{|}~";

impl Cpe {
    /// The name; `None` when the text is no formatted string of version 2.3.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = split(text.strip_prefix("cpe:2.3:")?).into_iter();
        let mut next = || parts.next().map(|part| attribute(&part));
        let cpe = Self {
            part: next()?,
            vendor: next()?,
            product: next()?,
            version: next()?,
            update: next()?,
            edition: next()?,
            language: next()?,
            software_edition: next()?,
            target_software: next()?,
            target_hardware: next()?,
            other: next()?,
        };
        parts.next().is_none().then_some(cpe)
    }

    /// The same attributes with a text replaced in each.
    pub(crate) fn replaced(&self, from: &str, to: &str) -> Self {
        let replace = |text: &String| text.replace(from, to);
        Self {
            part: self.part.clone(),
            vendor: replace(&self.vendor),
            product: replace(&self.product),
            version: replace(&self.version),
            update: replace(&self.update),
            edition: replace(&self.edition),
            language: replace(&self.language),
            software_edition: replace(&self.software_edition),
            target_software: replace(&self.target_software),
            target_hardware: replace(&self.target_hardware),
            other: replace(&self.other),
        }
    }
}

impl std::fmt::Display for Cpe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cpe:2.3")?;
        let attributes = [
            &self.part,
            &self.vendor,
            &self.product,
            &self.version,
            &self.update,
            &self.edition,
            &self.language,
            &self.software_edition,
            &self.target_software,
            &self.target_hardware,
            &self.other,
        ];
        attributes.into_iter().try_for_each(|attribute| write!(f, ":{}", bound(attribute)))
    }
}

/// Cuts at colons that are not escaped.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for symbol in text.chars() {
        if symbol == ':' && !escaped {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(symbol);
        }
        escaped = symbol == '\\' && !escaped;
    }
    parts
}

fn attribute(text: &str) -> String {
    if text == "*" {
        return String::new();
    }
    let mut plain = String::with_capacity(text.len());
    let mut symbols = text.chars().peekable();
    while let Some(symbol) = symbols.next() {
        let escape = symbol == '\\' && symbols.peek().is_some_and(|next| ESCAPED.contains(*next));
        if !escape {
            plain.push(if symbol == ' ' { '_' } else { symbol });
        }
    }
    plain
}

fn bound(attribute: &str) -> String {
    match attribute {
        "" => "*".to_owned(),
        "-" => "-".to_owned(),
        _ => {
            let mut text = String::with_capacity(attribute.len() + 4);
            for symbol in attribute.chars() {
                // `-`, `.` and `_` need no escape in a formatted string.
                if ESCAPED.contains(symbol) && !matches!(symbol, '-' | '.') {
                    text.push('\\');
                }
                text.push(symbol);
            }
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cpe;

    #[test]
    fn reads_and_writes_back() {
        for text in
            ["cpe:2.3:a:gnu:bash:5.0.17:*:*:*:*:*:*:*", "cpe:2.3:a:node-fetch:node\\:fetch:1.0\\+2:-:*:*:*:node.js:*:*"]
        {
            assert_eq!(Cpe::parse(text).unwrap().to_string(), text);
        }
        let cpe = Cpe::parse("cpe:2.3:a:b:c\\/d:*:*:*:*:*:python:*:*").unwrap();
        assert_eq!((cpe.product.as_str(), cpe.version.as_str(), cpe.target_software.as_str()), ("c/d", "", "python"));
    }

    #[test]
    fn other_texts_are_none() {
        for text in ["", "cpe:/a:b:c", "cpe:2.3:a:b", "cpe:2.3:a:b:c:1:*:*:*:*:*:*:*:*"] {
            assert_eq!(Cpe::parse(text), None, "{text}");
        }
    }
}
