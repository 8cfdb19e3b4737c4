//! `retrieved_files` / `content_regex`: the content of a file matches, or does not match.
//!
//! COMPAT: the engine tries each word of the file, split at blanks. We try each line and the whole
//! content as well, which is what people mean.

use stopgate_model::{Evidence, RetrievedFile};

use crate::engine::Scene;
use crate::regexes::{Fault, PythonRegex};
use crate::trigger::params::{params, words};
use crate::trigger::types::RegexText;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct ContentRegex;

params! {
    pub(crate) struct ContentRegexParams {
        /// Path of the file.
        #[example = "/etc/httpd.conf"]
        path: String,
        /// Expression, matched from the start of words, of lines and of the content.
        #[example = ".*SSLEnabled.*"]
        regex: RegexText,
        /// Whether to report a match or that there is none.
        #[example = "no_match"]
        check: Check,
    }
}

words! {
    /// What to report.
    pub(crate) enum Check {
        Match = "match",
        NoMatch = "no_match",
    }
}

impl Trigger for ContentRegex {
    type Params = ContentRegexParams;
    const INFO: TriggerInfo = TriggerInfo {
        trigger_id: "<rule>+file://<path>",
        ..TriggerInfo::new("retrieved_files", "content_regex", "The content of a file matches, or does not match.")
    };

    fn needs(params: &ContentRegexParams) -> Vec<Need> {
        vec![Need::RetrievedFile(params.path.clone())]
    }
}

impl ImageTrigger for ContentRegex {
    fn fire(params: &ContentRegexParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let Some(file) = scene.retrieved(&params.path) else { return Ok(()) };
        let lines = matching_lines(params.regex.regex()?, file)?;
        if lines.is_empty() == (params.check == Check::Match) {
            return Ok(());
        }
        let (path, regex) = (&params.path, params.regex.as_str());
        let message = match params.check {
            Check::Match => format!("`{path}` has content like `{regex}`"),
            Check::NoMatch => format!("`{path}` has no content like `{regex}`"),
        };
        let id = format!("{}+file://{path}", hits.rule_id);
        let actual = if lines.is_empty() { "none".to_owned() } else { format!("{} lines", lines.len()) };
        hits.push(
            Hit::with_id(id, message)
                .about(path.as_str())
                .evidence(Evidence::File { path: path.clone(), mode: None, layer: file.layer.clone(), lines })
                .because(format!("{} {regex}", params.check.word()), actual),
        )
    }
}

/// Numbers of the lines that match; line 1 when the content as a whole does.
fn matching_lines(regex: &PythonRegex, file: &RetrievedFile) -> Result<Vec<u32>, Fault> {
    const MOST: usize = 100;
    let content = String::from_utf8_lossy(&file.content);
    let mut lines = Vec::new();
    for (index, line) in content.lines().enumerate() {
        let mut matches = regex.matches(line)?;
        for word in line.split_whitespace() {
            matches = matches || regex.matches(word)?;
        }
        if matches {
            lines.push(index as u32 + 1);
        }
        if lines.len() == MOST {
            return Ok(lines);
        }
    }
    if lines.is_empty() && regex.matches(&content)? {
        lines.push(1);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use stopgate_model::FileKind;

    use crate::tests::{Case, check, ids, image};

    fn case() -> Case {
        image()
            .files(&[("/etc/dnf.conf", FileKind::Regular, 0o644), ("/etc/other", FileKind::Regular, 0o644)])
            .retrieved("/etc/dnf.conf", "[main]\n gpgcheck = 1\n")
    }

    fn content(rest: &str) -> Vec<String> {
        check(&case(), &format!("stop retrieved_files.content_regex {rest}"))
    }

    #[test]
    fn fires() {
        let rule = "stop retrieved_files.content_regex path=/etc/dnf.conf; regex=.main; check=match";
        assert_eq!(ids(&case(), rule), ["r1+file:///etc/dnf.conf"]);
        assert_eq!(check(&case(), rule)[0], "stop `/etc/dnf.conf` has content like `.main`");
        assert_eq!(content("path=/etc/dnf.conf; regex=sslverify; check=no_match").len(), 2);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(content("path=/etc/dnf.conf; regex=sslverify; check=match"), ["pass"]);
        assert_eq!(content("path=/none; regex=x; check=no_match"), ["pass"], "no file, no content");
    }

    #[test]
    fn boundary() {
        // Paths are written in several ways.
        for path in ["/etc//dnf.conf", "etc/./dnf.conf"] {
            assert_eq!(content(&format!("path={path}; regex=gpgcheck; check=match")).len(), 2, "{path}");
        }
        assert_eq!(
            content("path=/etc/dnf.conf; regex=gpgcheck; check=no_match"),
            ["pass"],
            "the start of a word counts"
        );
        assert_eq!(content("path=/etc/dnf.conf; regex=check; check=match"), ["pass"], "its middle does not");
        let lines = content("path=/etc/dnf.conf; regex=(?m)^\\s*gpgcheck\\s*=\\s*1; check=match");
        assert_eq!(lines.len(), 2, "the content as a whole counts as well");
    }

    #[test]
    fn data_missing() {
        assert_eq!(content("path=/etc/other; regex=x; check=match")[1], "undecided", "a file that was not kept");
        let none = image().with(|artifact| artifact.retrieved = None);
        let rule = "stop retrieved_files.content_regex path=/etc/dnf.conf; regex=x; check=no_match";
        assert_eq!(check(&none, rule)[1], "undecided");
    }
}
