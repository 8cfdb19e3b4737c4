//! `dockerfile` / `instruction`: an instruction is there, is missing, or has a value.

use stopgate_model::{Evidence, Remediation};

use super::lines::{self, Line};
use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::{ParamKind, ParamType, Refusal, params, words};
use crate::trigger::types::ValueText;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Instruction;

params! {
    pub(crate) struct InstructionParams {
        /// The instruction to check.
        #[example = "from"]
        instruction: Keyword,
        /// How the text behind the instruction must compare with `value`.
        #[example = "="]
        check: Check,
        /// The text, expression (`like`) or comma-separated texts (`in`) to compare with.
        #[example = "scratch"]
        value: Option<ValueText>,
        /// Whether only a Dockerfile that the user gave is checked, and not one guessed from history.
        #[default = "false"]
        actual_dockerfile_only: bool,
    }
}

words! {
    /// How to check an instruction.
    pub(crate) enum Check {
        Equal = "=",
        NotEqual = "!=",
        Exists = "exists",
        NotExists = "not_exists",
        Like = "like",
        NotLike = "not_like",
        In = "in",
        NotIn = "not_in",
    }
}

/// An instruction's name; accepted in any case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keyword(&'static str);

const KEYWORDS: &[&str] = &[
    "ADD",
    "ARG",
    "COPY",
    "CMD",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "USER",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "VOLUME",
    "WORKDIR",
];

impl ParamType for Keyword {
    const KIND: ParamKind =
        ParamKind { validator: "EnumString", expected: "an instruction", words: KEYWORDS, pattern: "" };
    fn read(text: &str) -> Result<Self, Refusal> {
        let found = KEYWORDS.iter().find(|keyword| keyword.eq_ignore_ascii_case(text));
        found.map(|keyword| Self(keyword)).ok_or_else(|| Refusal::word(text, KEYWORDS))
    }
}

impl Trigger for Instruction {
    type Params = InstructionParams;
    const INFO: TriggerInfo =
        TriggerInfo::new("dockerfile", "instruction", "An instruction of the Dockerfile meets the condition.");

    fn needs(params: &InstructionParams) -> Vec<Need> {
        vec![if params.actual_dockerfile_only {
            Need::ActualDockerfile
        } else if lines::CONFIGURED.contains(&params.instruction.0) {
            Need::ConfigOrDockerfile
        } else {
            Need::Dockerfile
        }]
    }

    fn faults(params: &InstructionParams) -> Vec<String> {
        let is_regex = matches!(params.check, Check::Like | Check::NotLike);
        let value = params.value.as_ref().filter(|_| is_regex);
        value.and_then(|value| value.regex().err()).map(|fault| fault.0).into_iter().collect()
    }
}

impl ImageTrigger for Instruction {
    fn fire(params: &InstructionParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let keyword = params.instruction.0;
        let lines = lines::of(scene, keyword, params.actual_dockerfile_only);
        if params.check == Check::NotExists {
            return if lines.is_empty() { hits.push(absent(keyword, scene)) } else { Ok(()) };
        }
        for line in lines {
            if params.holds(&line.text)? {
                hits.push(params.hit(keyword, &line))?;
            }
        }
        Ok(())
    }
}

impl InstructionParams {
    fn holds(&self, text: &str) -> Result<bool, Fault> {
        let Some(value) = &self.value else {
            // COMPAT: an operator that needs a value does nothing without one.
            return Ok(self.check == Check::Exists);
        };
        let text = text.trim();
        Ok(match self.check {
            Check::Exists => true,
            Check::NotExists => false,
            Check::Equal => text == value.as_str(),
            Check::NotEqual => text != value.as_str(),
            Check::Like => value.regex()?.matches(text)?,
            Check::NotLike => !value.regex()?.matches(text)?,
            Check::In => is_in(value, text),
            Check::NotIn => !is_in(value, text),
        })
    }

    fn hit(&self, keyword: &str, line: &Line) -> Hit {
        let check = self.check.word();
        let value = self.value.as_ref().map_or("", ValueText::as_str);
        let frozen = format!(
            "Dockerfile directive '{keyword}' check '{check}' matched against '{value}' for line '{}'",
            line.text
        );
        let text = lines::redacted(keyword, &line.text);
        let message = match self.check {
            Check::Exists => format!("the Dockerfile has `{keyword} {text}`"),
            _ => format!("`{keyword} {text}` meets the condition {check} `{value}`"),
        };
        let hit = Hit::frozen(&Instruction::INFO, &frozen, message)
            .about(format!("{keyword} {}", line.text))
            .evidence(line.evidence(keyword))
            .because(format!("{keyword} {check} {value}").trim_end(), text.clone());
        match (keyword, line.number()) {
            ("ADD", Some(number)) if !text.contains("://") => {
                hit.remedy(Remediation::Dockerfile { line: Some(number), instruction: format!("COPY {text}") })
            }
            _ => hit,
        }
    }
}

fn is_in(value: &ValueText, text: &str) -> bool {
    value.as_str().split(',').any(|item| item.trim() == text)
}

fn absent(keyword: &str, scene: &Scene<'_>) -> Hit {
    let frozen = format!("Dockerfile directive '{keyword}' not found, matching condition 'not_exists' check");
    let configured = lines::CONFIGURED.contains(&keyword) && scene.artifact().config.is_some();
    let message = if configured {
        format!("the image configuration has no {}, as `{keyword}` would set it", lines::field(keyword))
    } else {
        format!("the Dockerfile has no `{keyword}`")
    };
    let hit = Hit::frozen(&Instruction::INFO, &frozen, message)
        .about(keyword)
        .because(format!("{keyword} not_exists"), "none");
    let hit = if configured {
        hit.evidence(Evidence::Config { field: lines::field(keyword).to_owned(), value: String::new() })
    } else {
        hit
    };
    let write = match keyword {
        "HEALTHCHECK" => "HEALTHCHECK CMD a command that fails when the service is not well",
        "USER" => "USER a numeric id of 1000 or more",
        _ => return hit,
    };
    hit.remedy(Remediation::Dockerfile { line: None, instruction: write.to_owned() })
}

#[cfg(test)]
mod tests {
    use stopgate_model::{DockerfileMode, Healthcheck};

    use crate::tests::{Case, check, ids, image};

    fn case() -> Case {
        let lines =
            ["FROM golang AS build", "RUN sudo make", "FROM alpine:3.20", "ADD a.tar /a", "ENV DB_PASSWORD=hunter2"];
        image().dockerfile(DockerfileMode::Actual, &lines)
    }

    fn instruction(rest: &str) -> Vec<String> {
        check(&case(), &format!("stop dockerfile.instruction {rest}"))
    }

    #[test]
    fn fires() {
        assert_eq!(instruction("instruction=ADD; check=exists"), ["stop the Dockerfile has `ADD a.tar /a`", "stop"]);
        assert_eq!(instruction("instruction=FROM; check=!=; value=debian").len(), 2);
        let secret = instruction("instruction=ENV; check=like; value=.*PASSWORD=.+");
        assert_eq!(secret[0], "stop `ENV DB_PASSWORD=…` meets the condition like `.*PASSWORD=.+`");
        assert_eq!(instruction("instruction=VOLUME; check=not_exists")[0], "stop the Dockerfile has no `VOLUME`");
        let healthy = "stop dockerfile.instruction instruction=HEALTHCHECK; check=not_exists";
        assert_eq!(ids(&image(), healthy), ["41cb7cdf04850e33a11f80c42bf660b3"]);
        let user = "stop dockerfile.instruction instruction=USER; check=not_exists";
        assert_eq!(ids(&image(), user), ["1571e70ee221127984dcf585a56d4cff"]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(instruction("instruction=run; check=like; value=.*sudo.*"), ["pass"], "only the last stage counts");
        assert_eq!(instruction("instruction=FROM; check=not_in; value=alpine:3.20, debian"), ["pass"]);
        assert_eq!(instruction("instruction=FROM; check=="), ["pass"], "an operator without its value");
        assert_eq!(instruction("instruction=ADD; check=not_exists"), ["pass"]);
    }

    #[test]
    fn boundary() {
        let set = |test: &[&str]| {
            let test = test.iter().map(|word| (*word).to_owned()).collect();
            image().config(|config| config.healthcheck = Some(Healthcheck { test, ..Healthcheck::default() }))
        };
        let rule = "stop dockerfile.instruction instruction=HEALTHCHECK; check=not_exists";
        assert_eq!(check(&set(&["CMD-SHELL", "curl x"]), rule), ["pass"], "the configuration has it");
        let none = "warn dockerfile.instruction instruction=HEALTHCHECK; check=like; value=^NONE\\b.*";
        assert_eq!(check(&set(&["NONE"]), none)[0], "warn `HEALTHCHECK NONE` meets the condition like `^NONE\\b.*`");
        let broken = instruction("instruction=ENV; check=like; value=*x");
        assert!(broken[0].starts_with("! rule `r1`: it could not be run and counts as stop"), "{broken:?}");
        assert_eq!(broken[1], "stop");
    }

    #[test]
    fn data_missing() {
        let guessed = image().dockerfile(DockerfileMode::Guessed, &["FROM scratch", "ADD file:1 in /"]);
        let rule = "instruction=ADD; check=exists; actual_dockerfile_only=true";
        assert_eq!(
            check(&guessed, &format!("stop dockerfile.instruction {rule}")),
            ["! rule `r1`: it was not checked: no Dockerfile was given: provide `--dockerfile FILE`", "undecided"]
        );
        assert_eq!(check(&guessed, &format!("warn dockerfile.instruction {rule}"))[1], "pass");
        let neither = check(&image(), "stop dockerfile.instruction instruction=RUN; check=exists");
        assert_eq!(neither[1], "undecided", "there is neither a Dockerfile nor a history");
    }
}
