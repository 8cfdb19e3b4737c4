//! Texts that an expression matches, to build witnesses with.
//!
//! Only what people write in policies is understood: literals, classes, groups, alternatives and repetitions. Each
//! text is tried before it is given out, so what is not understood costs samples and nothing else.

use crate::regexes::PythonRegex;

/// Most texts of one expression.
const TEXTS: usize = 8;
/// Most texts that are put together on the way there.
const WORK: usize = 24;

/// Texts that the expression matches, short ones first; empty when none was found.
pub(super) fn texts(regex: &PythonRegex) -> Vec<String> {
    let chars: Vec<char> = regex.as_str().chars().collect();
    let mut reader = Reader { chars: &chars, at: 0, depth: 0 };
    let mut found: Vec<String> = Vec::new();
    for text in reader.alternatives().into_iter().flat_map(with_ends) {
        if found.len() < TEXTS && !found.contains(&text) && regex.matches(&text).unwrap_or(false) {
            found.push(text);
        }
    }
    found
}

/// An expression is open at its end, and some places want a text of some length.
fn with_ends(text: String) -> [String; 2] {
    let longer = format!("{text}x");
    [text, longer]
}

struct Reader<'a> {
    chars: &'a [char],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += usize::from(c.is_some());
        c
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    /// Texts of `a|b|c` up to the end or a closing parenthesis.
    fn alternatives(&mut self) -> Vec<String> {
        let mut all = self.sequence();
        while self.eat('|') {
            all.extend(self.sequence());
        }
        all.truncate(WORK);
        all
    }

    fn sequence(&mut self) -> Vec<String> {
        let mut texts = vec![String::new()];
        while let Some(c) = self.peek() {
            if matches!(c, '|' | ')') {
                break;
            }
            self.at += 1;
            let one = self.item(c);
            let repeated = self.repeated(one);
            let mut next = Vec::new();
            for text in &texts {
                next.extend(repeated.iter().take(WORK / 4).map(|part| format!("{text}{part}")));
            }
            next.truncate(WORK);
            if !next.is_empty() {
                texts = next;
            }
        }
        texts
    }

    fn item(&mut self, c: char) -> Vec<String> {
        match c {
            '^' | '$' => vec![String::new()],
            '.' => vec!["x".to_owned(), "/x".to_owned()],
            '[' => self.class().into_iter().map(String::from).collect(),
            '(' => self.group(),
            '\\' => self.escape(),
            c => vec![c.to_string()],
        }
    }

    fn escape(&mut self) -> Vec<String> {
        match self.take() {
            Some('d') => vec!["1".to_owned()],
            Some('D' | 'w' | 'S') => vec!["x".to_owned()],
            Some('W') => vec!["-".to_owned()],
            Some('s') => vec![" ".to_owned()],
            Some('t') => vec!["\t".to_owned()],
            Some('n') => vec!["\n".to_owned()],
            Some('b' | 'B' | 'A' | 'Z') | None => vec![String::new()],
            Some(c) => vec![c.to_string()],
        }
    }

    fn group(&mut self) -> Vec<String> {
        let mut look = false;
        if self.eat('?') {
            match self.take() {
                Some('P' | '<') => {
                    look = matches!(self.peek(), Some('=' | '!'));
                    while self.peek().is_some_and(|c| !matches!(c, '>' | ')' | '=' | '!')) {
                        self.at += 1;
                    }
                    self.at += 1;
                }
                Some('=' | '!') => look = true,
                Some(':') => {}
                // Flags, with or without a body.
                _ => {
                    while self.peek().is_some_and(|c| c.is_ascii_alphabetic() || c == '-') {
                        self.at += 1;
                    }
                    self.eat(':');
                }
            }
        }
        self.depth += 1;
        let inner = if self.depth > 40 { vec![String::new()] } else { self.alternatives() };
        self.depth -= 1;
        self.eat(')');
        if look { vec![String::new()] } else { inner }
    }

    /// A few characters of a class.
    fn class(&mut self) -> Vec<char> {
        let negated = self.eat('^');
        let mut members: Vec<(char, char)> = Vec::new();
        let first = self.at;
        while let Some(c) = self.take() {
            let c = match c {
                ']' if self.at > first + 1 => break,
                '\\' => match self.take() {
                    Some('d') => '1',
                    Some('w') => 'x',
                    Some('s') => ' ',
                    Some(c) => c,
                    None => break,
                },
                c => c,
            };
            let range = self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|end| *end != ']');
            if range {
                self.at += 1;
                members.push((c, self.take().unwrap_or(c)));
            } else {
                members.push((c, c));
            }
        }
        if negated {
            let is_free = |c: &char| members.iter().all(|(low, high)| !(low..=high).contains(&c));
            return "x1-/_ y".chars().filter(is_free).take(2).collect();
        }
        members.iter().map(|(low, _)| *low).take(3).collect()
    }

    /// What a repetition behind an item makes of it: the fewest times, and once more when that is none.
    fn repeated(&mut self, one: Vec<String>) -> Vec<String> {
        let least = match self.peek() {
            Some('*' | '?') => 0,
            Some('+') => 1,
            Some('{') => match self.counted() {
                Some(least) => least,
                None => return one,
            },
            _ => return one,
        };
        self.at += 1;
        self.at += usize::from(matches!(self.peek(), Some('?' | '+')));
        match least {
            0 => std::iter::once(String::new()).chain(one).collect(),
            least => one.into_iter().map(|text| text.repeat(least.min(64))).collect(),
        }
    }

    /// The least count of `{m,n}`, with the reader at its end; `None` when it is no repetition.
    fn counted(&mut self) -> Option<usize> {
        let rest = self.chars.get(self.at + 1..)?;
        let length = rest.iter().position(|c| *c == '}')?;
        let body: String = rest.get(..length)?.iter().collect();
        let least = body.split(',').next()?;
        let least = if least.is_empty() { 0 } else { least.parse().ok()? };
        self.at += length + 1;
        Some(least)
    }
}

#[cfg(test)]
mod tests {
    use super::texts;
    use crate::regexes::PythonRegex;

    #[test]
    fn samples_match() {
        for pattern in [
            r".*\.pem",
            r"^/etc/(?:ssl|pki)/[^/]+\.key$",
            r"(?i)team-[a-z0-9]{3,}/x?",
            r"a|b|(?P<n>c+)\d",
            r"^(?!/etc/).*/[^/]+\.pem$",
            r"[]x]y",
            r"prod-\w+\Z",
            r"(?i)^(?:[^\s=]+=\S*\s+)*[A-Z_]*(?:PASSWORD|TOKEN)(?:\s*=\s*|\s+)(?![$])\S.*",
            r".*\b(?:curl|wget)\b[^|;&]*\|\s*(?:sudo\s+)?(?:/\S*/)?(?:ba|z)?sh\b.*",
            "",
        ] {
            let regex = PythonRegex::new(pattern).unwrap();
            assert!(!texts(&regex).is_empty(), "{pattern}");
        }
    }

    #[test]
    fn what_is_not_understood_gives_no_wrong_sample() {
        for pattern in [r"(a)\1b", r"(?=x)y", "((((((", "[", r"x{99999}"] {
            let Ok(regex) = PythonRegex::new(pattern) else { continue };
            assert!(texts(&regex).iter().all(|text| regex.matches(text).unwrap()), "{pattern}");
        }
    }
}
