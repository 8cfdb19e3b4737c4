//! `completeness` / `gaps_present`: something could not be read, parsed or decided.

use stopgate_model::{Evidence, Gap, GapClass, GapCode, Remediation};

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::{ParamKind, ParamType, Refusal, params, words};
use crate::trigger::types::{CommaList, RegexText};
use crate::trigger::{ANY, Hit, Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct GapsPresent;

params! {
    pub(crate) struct GapsPresentParams {
        /// Codes of the gaps to report; all when absent.
        #[example = "record_unreadable,path_refused"]
        code: Option<GapCodes>,
        /// Expression of paths, from their start; gaps without a path are then left out.
        #[example = "/opt/.*"]
        path: Option<RegexText>,
        /// How much the gaps weigh; all when absent.
        #[example = "partial"]
        class: Option<Class>,
        /// Where the gaps were met: when the artifact was analysed, or when vulnerabilities were matched; both when absent.
        #[example = "analysis"]
        met_in: Option<Step>,
    }
}

words! {
    /// A step that meets gaps.
    pub(crate) enum Step {
        Analysis = "analysis",
        Matching = "matching",
    }
}

words! {
    /// How much a gap weighs.
    pub(crate) enum Class {
        Note = "note",
        Partial = "partial",
        Undecidable = "undecidable",
    }
}

/// Codes of gaps, separated by commas.
#[derive(Debug)]
pub(crate) struct GapCodes(Vec<GapCode>);

impl ParamType for GapCodes {
    const KIND: ParamKind = CommaList::KIND;
    fn read(text: &str) -> Result<Self, Refusal> {
        let code = |name: &String| GapCode::parse(name).ok_or_else(|| unknown(name));
        CommaList::read(text)?.0.iter().map(code).collect::<Result<_, _>>().map(Self)
    }
}

/// A code that no gap ever has would report nothing, silently.
fn unknown(name: &str) -> Refusal {
    let names: Vec<&'static str> = GapCode::ALL.iter().map(|code| code.name()).collect();
    Refusal::word(name, &names)
}

impl Trigger for GapsPresent {
    type Params = GapsPresentParams;
    const INFO: TriggerInfo = TriggerInfo {
        artifact_types: ANY,
        trigger_id: "gaps_present:<code and path>",
        ..TriggerInfo::new("completeness", "gaps_present", "The analysis, or the matching, has a gap of this kind.")
    };
}

impl ImageTrigger for GapsPresent {
    fn fire(params: &GapsPresentParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let all: [(Step, &[Gap]); 2] = [
            (Step::Analysis, &scene.artifact().gaps),
            (Step::Matching, scene.context.matches.map_or(&[], |report| &report.gaps)),
        ];
        let asked = all.into_iter().filter(|(step, _)| params.met_in.is_none_or(|asked| asked == *step));
        for gap in asked.flat_map(|(_, gaps)| gaps) {
            if params.names(gap)? {
                hits.push(hit(gap))?;
            }
        }
        Ok(())
    }
}

impl GapsPresentParams {
    fn names(&self, gap: &Gap) -> Result<bool, Fault> {
        let class = self.class.map(|class| match class {
            Class::Note => GapClass::Note,
            Class::Partial => GapClass::Partial,
            Class::Undecidable => GapClass::Undecidable,
        });
        let of_class = class.is_none_or(|class| gap.class == class);
        let of_code = self.code.as_ref().is_none_or(|codes| codes.0.contains(&gap.code));
        if !of_class || !of_code {
            return Ok(false);
        }
        match (&self.path, &gap.path) {
            (None, _) => Ok(true),
            (Some(regex), Some(path)) => regex.regex()?.matches(path),
            (Some(_), None) => Ok(false),
        }
    }
}

fn hit(gap: &Gap) -> Hit {
    let (code, name) = (gap.code, GapsPresent::INFO.name);
    let (id, subject, place) = match &gap.path {
        Some(path) if gap.message.contains(path) => (format!("{name}:{code}:{path}"), path.clone(), String::new()),
        Some(path) => (format!("{name}:{code}:{path}"), path.clone(), format!(" at `{path}`")),
        None => (format!("{name}:{code}"), code.to_string(), String::new()),
    };
    let hit = Hit::with_id(id, format!("{}{place} ({code})", gap.message))
        .about(subject)
        .because(format!("{code}: {}", code.meaning().trim()), gap.class.name())
        .remedy(Remediation::Advice { text: "make readable what could not be read, or accept the gap".to_owned() });
    match &gap.path {
        Some(path) => {
            hit.evidence(Evidence::File { path: path.clone(), mode: None, layer: gap.layer.clone(), lines: Vec::new() })
        }
        None => hit.evidence(Evidence::Data { text: gap.message.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Gap, GapCode};

    use crate::tests::{Case, check, ids, image, refused};

    fn case() -> Case {
        image().with(|artifact| {
            artifact.gaps = vec![
                Gap::new(GapCode::RecordUnreadable, "a record of the database could not be read").at("/opt/db"),
                Gap::new(GapCode::LinkDangling, "a hard link points at nothing").at("/usr/x"),
                Gap::new(GapCode::CpeBytes, "packages have too many CPEs"),
            ];
        })
    }

    fn found(rest: &str) -> Vec<String> {
        ids(&case(), &format!("stop completeness.gaps_present {rest}"))
    }

    #[test]
    fn fires() {
        assert_eq!(
            found(""),
            ["gaps_present:record_unreadable:/opt/db", "gaps_present:link_dangling:/usr/x", "gaps_present:cpe_bytes"]
        );
        assert_eq!(
            check(&case(), "stop completeness.gaps_present code=record_unreadable"),
            ["stop a record of the database could not be read at `/opt/db` (record_unreadable)", "stop"]
        );
        assert_eq!(found("code=cpe_bytes, link_dangling").len(), 2);
        assert_eq!(found("path=/opt/.*").len(), 1);
        assert_eq!((found("met_in=analysis").len(), found("met_in=matching").len()), (3, 0));
        assert_eq!(found("class=partial; path=/.*"), ["gaps_present:record_unreadable:/opt/db"]);
    }

    #[test]
    fn does_not_fire() {
        for rest in ["code=layer_bytes", "path=opt", "class=undecidable", "code=cpe_bytes; path=.*"] {
            assert_eq!(found(rest), [""; 0], "{rest}");
        }
        assert_eq!(check(&image(), "stop completeness.gaps_present"), ["pass"]);
    }

    #[test]
    fn boundary() {
        // The finder of a gap may know better than its code how much it weighs.
        let weighty = image().with(|artifact| {
            let mut gap = Gap::new(GapCode::RecordUnreadable, "x");
            gap.class = stopgate_model::GapClass::Note;
            artifact.gaps = vec![gap];
        });
        assert_eq!(ids(&weighty, "stop completeness.gaps_present class=note").len(), 1);
        assert_eq!(ids(&weighty, "stop completeness.gaps_present class=partial").len(), 0);
        let errors = refused("stop completeness.gaps_present code=record_unreadable, record_unreadble");
        assert!(errors[0].contains("expected one of `layer_bytes`"), "{errors:?}");
        assert!(errors[0].ends_with("(did you mean `record_unreadable`?)"), "{errors:?}");
    }

    #[test]
    fn data_missing() {
        // Gaps are what is missing; those of the matching are there when there was a matching.
        let mut matched = image();
        let gap = Gap::new(GapCode::DataRecordUnreadable, "a record of the data could not be read");
        matched.report.as_mut().unwrap().gaps.push(gap);
        for (rest, count) in [("", 1), ("met_in=matching", 1), ("met_in=analysis", 0)] {
            assert_eq!(ids(&matched, &format!("stop completeness.gaps_present {rest}")).len(), count, "{rest}");
        }
        matched.report = None;
        assert_eq!(ids(&matched, "stop completeness.gaps_present").len(), 0);
    }
}
