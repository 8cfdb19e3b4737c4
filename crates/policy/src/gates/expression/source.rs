//! The bounds of an expression's text, checked before anything parses it: a parser that recurses must not meet what
//! nests without end.

use stopgate_model::limits::{EXPRESSION_BYTES, EXPRESSION_DEPTH, EXPRESSION_OPERATORS};

/// Says what is wrong with a text, as one clause.
pub(super) fn bound(text: &str) -> Result<(), String> {
    if text.len() as u64 > EXPRESSION_BYTES {
        return Err(format!("it has {} bytes: at most {EXPRESSION_BYTES} are accepted", text.len()));
    }
    let mut scan = Scan { rest: text, depth: 0, operators: 0, name: None };
    while scan.step()? {}
    if scan.operators > EXPRESSION_OPERATORS {
        return Err(format!("it has {} operators: at most {EXPRESSION_OPERATORS} are accepted", scan.operators));
    }
    Ok(())
}

struct Scan<'a> {
    rest: &'a str,
    depth: u64,
    operators: u64,
    /// The name in front, which an opening parenthesis makes a call.
    name: Option<&'a str>,
}

impl Scan<'_> {
    /// Reads one token; `false` at the end.
    fn step(&mut self) -> Result<bool, String> {
        let Some(first) = self.rest.chars().next() else { return Ok(false) };
        let name = self.name.take();
        match first {
            ' ' | '\t' | '\r' | '\n' => {
                self.skip(1);
                self.name = name;
            }
            '/' if self.rest.starts_with("//") => self.skip(self.rest.find('\n').unwrap_or(self.rest.len())),
            '"' | '\'' => self.string(false)?,
            'a'..='z' | 'A'..='Z' | '_' => self.word()?,
            '0'..='9' => self.number(),
            '(' | '[' | '{' => self.open(first, name)?,
            ')' | ']' | '}' => {
                self.depth = self.depth.saturating_sub(1);
                self.skip(1);
            }
            ',' | ':' => self.skip(1),
            _ => self.operator(first)?,
        }
        Ok(true)
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or("");
    }

    fn open(&mut self, bracket: char, name: Option<&str>) -> Result<(), String> {
        // `map` makes new elements, which could double at every step; every other macro only chooses among them.
        if let (Some(macro_name @ "map"), '(') = (name, bracket) {
            return Err(format!("there is no function `{macro_name}`"));
        }
        self.depth += 1;
        self.operators += u64::from(bracket != '(');
        self.skip(1);
        if self.depth > EXPRESSION_DEPTH {
            return Err(format!("its brackets nest deeper than {EXPRESSION_DEPTH}"));
        }
        Ok(())
    }

    fn word(&mut self) -> Result<(), String> {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let word = self.rest.get(..end).unwrap_or("");
        let raw = matches!(word, "r" | "R" | "b" | "B" | "br" | "bR" | "Br" | "BR");
        self.skip(end);
        if raw && self.rest.starts_with(['"', '\'']) {
            return self.string(word.contains(['r', 'R']));
        }
        self.operators += u64::from(word == "in");
        self.name = Some(word);
        Ok(())
    }

    /// Digits with what may stand in a number; a sign of an exponent is no operator.
    fn number(&mut self) {
        let mut before = ' ';
        let end = self.rest.find(|c: char| {
            let part = c.is_ascii_alphanumeric() || c == '.' || (matches!(c, '+' | '-') && matches!(before, 'e' | 'E'));
            before = c;
            !part
        });
        // A sign behind a hexadecimal `0xe` is counted as part of the number: one operator less, never more.
        self.skip(end.unwrap_or(self.rest.len()));
    }

    fn operator(&mut self, first: char) -> Result<(), String> {
        const DOUBLE: [&str; 6] = ["==", "!=", "<=", ">=", "&&", "||"];
        if DOUBLE.iter().any(|double| self.rest.starts_with(double)) {
            self.skip(2);
        } else if "!-+*/%<>?.".contains(first) {
            self.skip(1);
        } else {
            return Err(format!("it has the character `{}`, which means nothing there", first.escape_default()));
        }
        self.operators += 1;
        Ok(())
    }

    /// A text in one or three quotes. Behind a backslash nothing ends it, unless it is raw.
    fn string(&mut self, raw: bool) -> Result<(), String> {
        let quote = self.rest.get(..1).unwrap_or("\"");
        let triple = quote.repeat(3);
        let close = if self.rest.starts_with(&triple) { triple.as_str() } else { quote };
        let mut at = close.len();
        loop {
            let rest = self.rest.get(at..).unwrap_or("");
            let Some(first) = rest.chars().next() else { return Err("a text in it has no end".to_owned()) };
            if rest.starts_with(close) {
                self.skip(at + close.len());
                return Ok(());
            }
            at += first.len_utf8();
            if first == '\\' && !raw {
                at += rest.chars().nth(1).map_or(0, char::len_utf8);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::bound;

    #[test]
    fn texts_are_bounded() {
        for (text, expected) in [
            (format!("\"{}\"", "x".repeat(2046)), None),
            (format!("\"{}\"", "x".repeat(2047)), Some("it has 2049 bytes: at most 2048 are accepted")),
            (format!("{}1{}", "(".repeat(16), ")".repeat(16)), None),
            (format!("{}1{}", "(".repeat(17), ")".repeat(17)), Some("its brackets nest deeper than 16")),
            (format!("1{}", "+1".repeat(100)), None),
            (format!("1{}", "+1".repeat(101)), Some("it has 101 operators: at most 100 are accepted")),
            (format!("{}true", "!".repeat(101)), Some("it has 101 operators: at most 100 are accepted")),
            (format!("a{}", "[0]".repeat(101)), Some("it has 101 operators: at most 100 are accepted")),
            (format!("a{}", ".b".repeat(101)), Some("it has 101 operators: at most 100 are accepted")),
            (format!("'{}' == r\"\\\" // {}", "((+".repeat(200), "+".repeat(200)), None),
            (format!("'''{}''' == \"a\\\"((\"", "(".repeat(20)), None),
            ("x.map(y, y)".to_owned(), Some("there is no function `map`")),
            ("x.map  (y, y)".to_owned(), Some("there is no function `map`")),
            ("'abc".to_owned(), Some("a text in it has no end")),
            ("'abc\\'".to_owned(), Some("a text in it has no end")),
            ("a # b".to_owned(), Some("it has the character `#`, which means nothing there")),
            ("a.`b`".to_owned(), Some("it has the character ``, which means nothing there")),
            ("1e-5 + 0x1F - 2u".to_owned(), None),
        ] {
            let found = bound(&text).err();
            let expected = expected.map(|text| text.replace("character ``", "character ```"));
            assert_eq!(found, expected, "{text}");
        }
    }
}
