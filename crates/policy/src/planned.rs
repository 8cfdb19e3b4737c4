//! Gates and triggers that a policy may name although this version does not run them.
//!
//! A rule with a planned trigger is never a silent pass: its missing support is a missing input.

use std::sync::Arc;

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::{Param, ParamError, ParamKind, ParamSpec, Reading};
use crate::trigger::{ANY, AnyTrigger, BoundTrigger, Hits, IMAGE, Need, State, TriggerInfo};

/// A trigger that is known and not built yet.
pub(crate) struct Planned {
    info: TriggerInfo,
    params: &'static [ParamSpec],
    need: Need,
}

impl AnyTrigger for Planned {
    fn info(&self) -> &TriggerInfo {
        &self.info
    }
    fn params(&self) -> &'static [ParamSpec] {
        self.params
    }
    fn bind(&self, given: &[Param]) -> Result<Arc<dyn BoundTrigger>, Vec<ParamError>> {
        let mut reading = Reading::new(given, self.params);
        for spec in self.params.iter().filter(|spec| spec.required) {
            let _: Option<String> = reading.take(spec.name);
        }
        let errors = reading.finish();
        if errors.is_empty() { Ok(Arc::new(BoundPlanned { need: self.need.clone() })) } else { Err(errors) }
    }
}

#[derive(Debug)]
struct BoundPlanned {
    need: Need,
}

impl BoundTrigger for BoundPlanned {
    fn needs(&self) -> Vec<Need> {
        vec![self.need.clone()]
    }
    fn absence(&self) -> Option<Need> {
        None
    }
    fn faults(&self) -> Vec<String> {
        Vec::new()
    }
    fn run(&self, _: &Scene<'_>, _: &mut Hits) -> Result<(), Fault> {
        // INVARIANT: its need is never there, so the engine does not call it.
        Err(Fault("the trigger is not supported yet".to_owned()))
    }
}

const fn param(name: &'static str, required: bool, example: &'static str, description: &'static str) -> ParamSpec {
    let kind = ParamKind { validator: "type", expected: "a text", words: &[], pattern: "" };
    ParamSpec { name, aliases: &[], description, example: Some(example), default: None, required, kind }
}

macro_rules! planned {
    ($($gate:literal . $name:literal $(| [$($alias:literal),*])? $types:ident $state:ident : $summary:literal,
        $need:expr $(, [$($pname:literal $required:ident = $example:literal : $about:literal),+])?;)+) => {
        /// The table.
        pub(crate) static PLANNED: &[Planned] = &[$(Planned {
            info: TriggerInfo {
                aliases: &[$($($alias),*)?],
                artifact_types: $types,
                state: State::$state,
                ..TriggerInfo::new($gate, $name, $summary)
            },
            params: &[$($(param($pname, planned!(@$required), $example, $about)),+)?],
            need: $need,
        }),+];
    };
    (@required) => { true };
    (@optional) => { false };
}

use Need::{Stig, Support};

planned! {
    "provenance"."slsa" IMAGE Active: "No attestation says how the image was built.",
        Support("provenance.slsa"), [
            "min_build_level" optional = "2": "SLSA build level.", "builder" optional = ".*": "Expression of builders.",
            "source" optional = ".*": "Expression of sources."];
    "provenance"."source" IMAGE Active: "No attestation names an allowed source.",
        Support("provenance.source"), ["source" required = ".*": "Expression of sources."];
    "sbom"."quality" ANY Active: "The SBOM lacks fields that a profile asks for.",
        Support("sbom.quality"), ["profile" required = "ntia-2021": "Profile.", "max_missing" optional = "0": "How many may be missing."];
    "scan"."freshness" IMAGE Active: "The image was not evaluated for this long.",
        Support("scan.freshness"), ["max_days_since_evaluation" required = "30": "Days since the evaluation."];
    "secret_scans"."metadata" IMAGE Active: "Secrets stand in history, environment or labels.",
        Support("secret_scans.metadata"), ["scope" optional = "history,env,labels": "Where to look."];
    "secret_scans"."layers" IMAGE Active: "Secrets stand in layers below later ones.",
        Support("secret_scans.layers"), ["all_layers" optional = "true": "Whether to look at every layer."];
    "signature"."verified" IMAGE Active: "No signature of the image verifies.",
        Support("signature.verified"), [
            "subject" optional = "image": "What must be signed.", "trust" optional = "release-keys": "Whom to trust."];
    "stig"."open_findings" IMAGE Active: "A STIG evaluation has open findings.",
        Stig, ["max_cat1" optional = "0": "How many of category I.", "max_cat2" optional = "0": "How many of category II."];
    "vulnerabilities"."count" IMAGE Active: "There are more vulnerabilities of a severity than allowed.",
        Support("vulnerabilities.count"), ["severity" required = "high": "Severity.", "max" required = "5": "How many are allowed."];
    "vulnerabilities"."kev_due" IMAGE Active: "The due date of a known exploited vulnerability has come.",
        Support("vulnerabilities.kev_due"), ["days_before_due" optional = "0": "Days before the date."];
    "vulnerabilities"."remediation_due" IMAGE Active: "The time to remediate a vulnerability has passed.",
        Support("vulnerabilities.remediation_due"), [
            "clock" required = "bod-26-04": "Which clock.", "exposed" optional = "unknown": "Whether it can be reached.",
            "unknown" optional = "worst": "What unknown values count as.", "start" optional = "earliest": "When the clock starts.",
            "upgrade_days" optional = "14": "Days for an upgrade.", "class" optional = "c": "Class of the system.",
            "pain" optional = "3": "Rating.", "reachable" optional = "true": "Whether it can be reached from the internet.",
            "likely_exploitable" optional = "true": "Whether exploitation is likely."];
}

/// A gate that engines know and no longer run.
pub(crate) struct EndOfLife {
    pub(crate) gate: &'static str,
    pub(crate) triggers: &'static [&'static str],
    pub(crate) superseded_by: Option<&'static str>,
}

const fn eol(gate: &'static str, triggers: &'static [&'static str], superseded_by: Option<&'static str>) -> EndOfLife {
    EndOfLife { gate, triggers, superseded_by }
}

/// Gates at the end of their life (Anchore engine 1.1).
pub(crate) static END_OF_LIFE: &[EndOfLife] = &[
    eol("suiddiff", &["suidmodediff", "suidfileadd", "suidfiledel", "suiddiff"], None),
    eol("imagecheck", &["baseoutofdate"], None),
    eol("pkgdiff", &["pkgdiff", "pkgversiondiff", "pkgadd", "pkgdel"], None),
    eol(
        "anchoresec",
        &["vulnlow", "vulnmedium", "vulnhigh", "vulncritical", "vulnunknown", "feedoutofdate", "unsupporteddistro"],
        Some("vulnerabilities"),
    ),
    eol("pkgcheck", &["verify", "pkgnotpresent"], Some("packages")),
    eol(
        "dockerfilecheck",
        &[
            "effectiveuser",
            "directivecheck",
            "expose",
            "nofrom",
            "fromscratch",
            "notag",
            "sudo",
            "volumepresent",
            "nohealthcheck",
            "nodockerfile",
        ],
        Some("dockerfile"),
    ),
    eol("filecheck", &["contentmatch", "filenamematch", "suidsgidcheck"], Some("files")),
    eol(
        "fileparse_passwd",
        &["filenotstored", "usernamematch", "useridmatch", "groupidmatch", "shellmatch", "pentrymatch"],
        Some("passwd_file"),
    ),
    eol(
        "gemcheck",
        &["gemnotlatest", "gemnotofficial", "gembadversion", "gempkgfullmatch", "gempkgnamematch", "gemnofeed"],
        Some("ruby_gems"),
    ),
    eol("metadatacheck", &["attributecheck"], Some("metadata")),
    eol("licblacklist", &["licfullmatch", "licsubmatch"], Some("licenses")),
    eol(
        "npmcheck",
        &["npmnotlatest", "npmnotofficial", "npmbadversion", "npmpkgfullmatch", "npmpkgnamematch", "npmnofeed"],
        Some("npms"),
    ),
    eol("pkgblacklist", &["pkgfullmatch", "pkgnamematch"], Some("packages")),
    eol("secretcheck", &["contentmatch"], Some("secret_scans")),
];
