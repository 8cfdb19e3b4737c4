//! Regular expressions as Anchore's engine runs them: Python's `re.match`, anchored at the start and
//! open at the end.
//!
//! The linear-time engine runs what it can. Look-around and back-references go to a backtracking
//! engine with a step limit; in front of it stands the same expression without its look-around,
//! which accepts more and costs little, so most texts never reach the backtracking.

mod literals;
mod scan;

use stopgate_model::{Anchors, RustRegex, limits};

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
        let translated = RustRegex::of_python(pattern, Anchors::Own);
        // The expression must stand alone, else `a)(b` would become valid inside our group.
        match linear(&translated.text).and_then(|_| linear(&anchored(&translated))) {
            Ok(regex) => {
                let texts = literals::required(&translated.text);
                Ok(Self { text, engine: Engine::Linear(regex), folder, texts })
            }
            Err(regex::Error::CompiledTooBig(size)) => Err(format!("it compiles to more than {size} bytes")),
            Err(_) => {
                backtracking(&translated.text)?;
                let regex = Box::new(backtracking(&anchored(&translated))?);
                let stripped = scan::without_looks(pattern).map(|text| RustRegex::of_python(&text, Anchors::Own));
                let texts = stripped.as_ref().and_then(|stripped| literals::required(&stripped.text));
                let filter = stripped.and_then(|stripped| linear(&anchored(&stripped)).ok());
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
    if pattern.contains("(?i") || scan::has_top_level_alternative(pattern) {
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

fn anchored(regex: &RustRegex) -> String {
    // Without a group around it, the backtracking engine leaves what follows the last look-around to the linear one.
    if !regex.verbose && !scan::has_top_level_alternative(&regex.text) {
        return format!("\\A{}", regex.text);
    }
    // A verbose expression may end in a comment, which would swallow our parenthesis.
    let end = if regex.verbose && regex.text.contains('#') { "\n)" } else { ")" };
    format!("\\A(?:{}{end}", regex.text)
}

fn linear(pattern: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(pattern)
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
        assert!(matches("[|]a|b", "b") && !matches("[|]a|b", "xb") && !matches(r"(?!c)\||b", "xb"));
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
        assert!(matches(r#"\s*{"auth""#, r#"{"auth": 1}"#) && matches("a{,2}b", "aab") && matches(r"\<a\>", "<a>"));
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
    fn what_follows_the_last_look_around_costs_no_steps() {
        let tail = r"^(?!x).*\ba\b(?:\s+-\S+)*\s+u\b.*";
        assert!(matches(tail, &format!("a u{}", " -a".repeat(3_000))));
    }

    #[test]
    fn a_step_limit_is_a_fault_not_a_hang() {
        let regex = PythonRegex::new(r"(a+)(a+)(a+)(a+)(a+)\1\2\3\4\5b").unwrap();
        assert!(regex.matches(&format!("{}cb", "a".repeat(120))).is_err());
    }
}
