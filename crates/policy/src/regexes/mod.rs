//! Regular expressions as Anchore's engine runs them: Python's `re.match`, anchored at the start and
//! open at the end.
//!
//! The linear-time engine runs what it can. Look-around and back-references go to a backtracking
//! engine with a step limit; in front of it stands the same expression without its look-around,
//! which accepts more and costs little, so most texts never reach the backtracking.

mod literals;

use stopgate_model::limits;

/// Why a rule could not be run to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

/// Steps of the backtracking engine for one text.
const BACKTRACK_STEPS: usize = 250_000;

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct PythonRegex {
    text: String,
    engine: Engine,
    /// A folder below which every matching path lies.
    folder: Option<String>,
    /// Lower-case texts, one of which every match contains.
    texts: Option<Vec<String>>,
}

#[derive(Debug)]
enum Engine {
    Linear(regex::Regex),
    Backtracking { regex: Box<fancy_regex::Regex>, filter: Option<regex::Regex> },
}

impl PythonRegex {
    /// Compiles; the error says why not.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        let text = pattern.to_owned();
        let folder = folder(pattern);
        let translated = translate(pattern, Look::Keep).unwrap_or_else(|| pattern.to_owned());
        // The expression must stand alone, else `a)(b` would become valid inside our group.
        match linear(&translated, false).and_then(|_| linear(&translated, true)) {
            Ok(regex) => {
                let texts = literals::required(&translated);
                Ok(Self { text, engine: Engine::Linear(regex), folder, texts })
            }
            Err(regex::Error::CompiledTooBig(size)) => Err(format!("it compiles to more than {size} bytes")),
            Err(_) => {
                backtracking(&translated)?;
                let regex = Box::new(backtracking(&anchored(&translated))?);
                let stripped = translate(pattern, Look::Strip);
                let texts = stripped.as_deref().and_then(literals::required);
                let filter = stripped.and_then(|stripped| linear(&stripped, true).ok());
                Ok(Self { text, engine: Engine::Backtracking { regex, filter }, folder, texts })
            }
        }
    }

    /// A folder below which every matching path lies, so that the rest of a tree need not be asked.
    pub(crate) fn folder(&self) -> Option<&str> {
        self.folder.as_deref()
    }

    /// As written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether matching always comes to an end without a fault.
    pub(crate) const fn is_linear(&self) -> bool {
        matches!(self.engine, Engine::Linear(_))
    }

    /// Lower-case texts, one of which every match contains, ASCII case ignored.
    pub(crate) fn texts(&self) -> Option<&[String]> {
        self.texts.as_deref()
    }

    /// Whether a match begins at the start of the text.
    pub(crate) fn matches(&self, text: &str) -> Result<bool, Fault> {
        match &self.engine {
            Engine::Linear(regex) => Ok(regex.is_match(text)),
            Engine::Backtracking { filter: Some(filter), .. } if !filter.is_match(text) => Ok(false),
            Engine::Backtracking { regex, .. } => regex.is_match(text).map_err(|_| {
                Fault(format!("the expression `{}` needs more than {BACKTRACK_STEPS} steps on one text", self.text))
            }),
        }
    }
}

/// The folder of `^/var/lib/(?:a|b)`: the literal text in front of the last slash before anything special.
fn folder(pattern: &str) -> Option<String> {
    if pattern.contains("(?i") || has_top_level_alternative(pattern) {
        return None;
    }
    let body = pattern.strip_prefix('^').unwrap_or(pattern);
    let end = body.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_'))).unwrap_or(body.len());
    let literal = body.get(..end)?;
    // What is special may make the character in front of it optional, but never the slash before that.
    let folder = literal.get(..literal.rfind('/')?)?;
    let slash_is_whole = body.get(folder.len() + 1..).is_some_and(|rest| !rest.starts_with(['*', '?', '{']));
    (folder.starts_with('/') && slash_is_whole).then(|| folder.to_owned())
}

fn has_top_level_alternative(pattern: &str) -> bool {
    let chars: Vec<char> = pattern.chars().collect();
    let mut at = 0;
    let mut ignored = String::new();
    while let Some(c) = chars.get(at) {
        match c {
            '|' => return true,
            '\\' => at += 2,
            '[' => at = translate_class(&chars, at, &mut ignored),
            '(' => at = after_group(&chars, at),
            _ => at += 1,
        }
    }
    false
}

fn anchored(pattern: &str) -> String {
    // A verbose expression may end in a comment, which would swallow our parenthesis.
    let end = if is_verbose(pattern) && pattern.contains('#') { "\n)" } else { ")" };
    format!("\\A(?:{pattern}{end}")
}

fn is_verbose(pattern: &str) -> bool {
    pattern.split("(?").skip(1).any(|rest| {
        rest.chars().take_while(char::is_ascii_alphabetic).any(|flag| flag == 'x') && !rest.starts_with('P')
    })
}

fn linear(pattern: &str, anchor: bool) -> Result<regex::Regex, regex::Error> {
    let pattern = if anchor { anchored(pattern) } else { pattern.to_owned() };
    regex::RegexBuilder::new(&pattern)
        .size_limit(limits::REGEX_BYTES as usize)
        .dfa_size_limit(limits::REGEX_BYTES as usize)
        .build()
}

fn backtracking(pattern: &str) -> Result<fancy_regex::Regex, String> {
    fancy_regex::RegexBuilder::new(pattern)
        .backtrack_limit(BACKTRACK_STEPS)
        .delegate_size_limit(limits::REGEX_BYTES as usize)
        .build()
        .map_err(|error| error.to_string().lines().next().unwrap_or("it is not valid").to_owned())
}

#[derive(Clone, Copy, PartialEq)]
enum Look {
    Keep,
    Strip,
}

/// Python's syntax in Rust's: `[` and doubled operators inside a class are literal, `\Z` is the very
/// end, `(?#…)` a comment. With [`Look::Strip`], look-around assertions become empty groups, which
/// gives an expression that accepts at least as much; `None` when that cannot be told.
fn translate(pattern: &str, look: Look) -> Option<String> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        match c {
            '\\' => {
                let next = chars.get(at + 1).copied();
                match next {
                    Some('Z') => out.push_str("\\z"),
                    Some('1'..='9') if look == Look::Strip => return None,
                    Some(next) => out.extend(['\\', next]),
                    None => out.push('\\'),
                }
                at += 2;
            }
            '[' => at = translate_class(&chars, at, &mut out),
            '(' if starts(&chars, at, "(?#") => at = after_group(&chars, at),
            '(' if look == Look::Strip && starts(&chars, at, "(?P=") => return None,
            '(' if look == Look::Strip
                && ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|opening| starts(&chars, at, opening)) =>
            {
                out.push_str("(?:)");
                at = after_group(&chars, at);
            }
            c => {
                out.push(c);
                at += 1;
            }
        }
    }
    Some(out)
}

fn starts(chars: &[char], at: usize, text: &str) -> bool {
    text.chars().enumerate().all(|(offset, c)| chars.get(at + offset) == Some(&c))
}

fn translate_class(chars: &[char], start: usize, out: &mut String) -> usize {
    let mut at = start + 1;
    out.push('[');
    if chars.get(at) == Some(&'^') {
        out.push('^');
        at += 1;
    }
    let first = at;
    while let Some(&c) = chars.get(at) {
        match c {
            ']' if at > first => {
                out.push(']');
                return at + 1;
            }
            '\\' => {
                out.push('\\');
                out.extend(chars.get(at + 1));
                at += 1;
            }
            '[' | ']' => out.extend(['\\', c]),
            '&' | '~' | '-' if at > first && chars.get(at - 1) == Some(&c) => out.extend(['\\', c]),
            c => out.push(c),
        }
        at += 1;
    }
    at
}

/// Behind the parenthesis that closes the one at `start`.
fn after_group(chars: &[char], start: usize) -> usize {
    let mut depth = 0usize;
    let mut at = start;
    let mut ignored = String::new();
    while let Some(&c) = chars.get(at) {
        match c {
            '\\' => at += 1,
            '[' => {
                at = translate_class(chars, at, &mut ignored);
                continue;
            }
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::PythonRegex;

    fn matches(pattern: &str, text: &str) -> bool {
        PythonRegex::new(pattern).unwrap().matches(text).unwrap()
    }

    #[test]
    fn is_anchored_at_the_start_and_open_at_the_end() {
        assert!(matches("ab", "abc") && !matches("b", "abc") && matches(".*c", "abc"));
        assert!(matches("a|b", "bx") && !matches("a|b", "xa"));
        assert!(matches("(?m)^b", "b") && !matches("(?m)^b", "a\nb"));
        assert!(matches("(?x)a # note", "ab"));
    }

    #[test]
    fn runs_look_around_behind_a_filter() {
        let pattern = r"^(?!/etc/ssl/).*/[^/]+\.pem$";
        assert!(matches(pattern, "/app/a.pem"));
        assert!(!matches(pattern, "/etc/ssl/a.pem") && !matches(pattern, "/app/a.txt"));
        assert!(matches(r"(a)\1", "aab") && !matches(r"(a)\1", "ab"));
    }

    #[test]
    fn reads_classes_as_python_does() {
        assert!(matches("[[]x", "[x") && matches("[]a]b", "]b") && matches("[a&&b]", "&"));
        assert!(matches(r"a\Z", "a") && matches("a(?#note)b", "ab"));
    }

    #[test]
    fn knows_the_folder_that_bounds_it() {
        for (pattern, expected) in [
            (r"^/var/(?:cache|lib)/x", Some("/var")),
            ("/etc/ssl/.*", Some("/etc/ssl")),
            ("/etc/?x", None),
            ("/etc/ssl/*", None),
            ("/a/b|/c", None),
            ("/a/(b|c)", Some("/a")),
            ("(?i)/a/b", None),
            (".*/x", None),
            ("/x", None),
        ] {
            assert_eq!(PythonRegex::new(pattern).unwrap().folder(), expected, "{pattern}");
        }
    }

    #[test]
    fn refuses_what_does_not_compile_or_is_too_big() {
        for pattern in ["*.pem", "(", "a)(b", "[", r"\w{500}{500}"] {
            assert!(PythonRegex::new(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn a_step_limit_is_a_fault_not_a_hang() {
        let regex = PythonRegex::new(r"(a+)(a+)(a+)(a+)(a+)\1\2\3\4\5b").unwrap();
        assert!(regex.matches(&format!("{}cb", "a".repeat(120))).is_err());
    }
}
