//! What holds for every plan: it does what it says, no step of it can be left out, and no fewer would do.

use std::sync::LazyLock;

use proptest::prelude::*;
use stopgate_model::{Decision, DockerfileMode, FileKind, PackageType, SearchHit, StepKind, Upstream};

use super::{World, advisories};
use crate::Policy;
use crate::plan::candidates::gather;
use crate::plan::choose::choose;
use crate::plan::site::Site;
use crate::tests::{Case, document, image, policy};

const RULES: &[&str] = &[
    "stop vulnerabilities.package package_type=all; vendor_only=false",
    "stop vulnerabilities.denylist vulnerability_ids=CVE-0,CVE-1,CVE-5",
    "stop packages.denylist name=a; version=1",
    "stop packages.required_package name=b; version=2; version_match_type=minimum",
    "stop files.name_match regex=/f1.*",
    "stop files.suid_or_guid_set",
    "stop secret_scans.content_regex_checks",
    "stop dockerfile.exposed_ports ports=22,23; type=denylist",
    "stop dockerfile.effective_user users=root; type=denylist",
    "stop dockerfile.instruction instruction=RUN; check=like; value=.*sudo",
    "stop dockerfile.instruction instruction=HEALTHCHECK; check=not_exists",
    "stop image_config.label required=l",
];

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

#[derive(Debug, Clone)]
struct Draft {
    packages: Vec<(usize, u8, usize)>,
    advisories: Vec<(u8, usize, u8, u8)>,
    files: Vec<(usize, u32)>,
    lines: Vec<usize>,
    rules: u16,
}

fn drafts(most_packages: usize) -> impl Strategy<Value = Draft> {
    let packages = prop::collection::vec((0..NAMES.len(), 1..4_u8, 0..4_usize), 0..most_packages);
    let advisories = prop::collection::vec((0..8_u8, 0..NAMES.len(), 0..4_u8, 0..7_u8), 0..10);
    let files = prop::collection::vec((0..4_usize, 0..3_u32), 0..4);
    let lines = prop::collection::vec(0..6_usize, 0..5);
    (packages, advisories, files, lines, any::<u16>()).prop_map(|(packages, advisories, files, lines, rules)| Draft {
        packages,
        advisories,
        files,
        lines,
        rules,
    })
}

impl Draft {
    fn policy(&self) -> Policy {
        let rules = RULES.iter().enumerate().filter(|(at, _)| self.rules >> at & 1 == 1).map(|(_, rule)| *rule);
        policy(&document(&rules.collect::<Vec<_>>()))
    }

    fn world(&self) -> World {
        const PATHS: [&str; 4] = ["/f1", "/f1/x", "/f2", "/f3"];
        const LINES: [&str; 6] =
            ["EXPOSE 22", "EXPOSE 23 80", "RUN sudo x", "RUN x", "USER root", "HEALTHCHECK CMD true"];
        let rows: Vec<_> = self
            .files
            .iter()
            .map(|(at, mode)| (PATHS[*at], FileKind::Regular, [0o644, 0o4755, 0o2755][*mode as usize]))
            .collect();
        let mut case = image().files(&rows);
        for (name, version, place) in &self.packages {
            let (kind, path) = match place {
                0 | 1 => (PackageType::DEB, "/var/lib/dpkg/status"),
                2 => (PackageType::NPM, PATHS[usize::from(*version) % 4]),
                _ => (PackageType::PYTHON, "/f2"),
            };
            case = case.package(kind, NAMES[*name], &version.to_string(), path);
            if *place == 1 {
                let upstream = Upstream { name: "a".to_owned(), version: None };
                case.artifact.packages.last_mut().unwrap().upstreams.push(upstream);
            }
        }
        let lines: Vec<&str> = std::iter::once("FROM x").chain(self.lines.iter().map(|at| LINES[*at])).collect();
        World::new(configured(case.dockerfile(DockerfileMode::Actual, &lines), &lines, &rows), &self.data())
    }

    fn data(&self) -> Vec<String> {
        let line = |(id, name, from, fixed): &(u8, usize, u8, u8)| match fixed {
            0 => format!("CVE-{id} {}", NAMES[*name]),
            fixed => format!("CVE-{id} {} {from}..{}", NAMES[*name], from + fixed),
        };
        self.advisories.iter().map(line).collect()
    }
}

/// What the lines set, and a secret in each file that begins with `/f2`.
fn configured(case: Case, lines: &[&str], rows: &[(&str, FileKind, u32)]) -> Case {
    let has = |text: &str| lines.contains(&text);
    let mut ports = Vec::new();
    ports.extend(has("EXPOSE 22").then(|| "22/tcp".to_owned()));
    ports.extend(has("EXPOSE 23 80").then_some(["23/tcp".to_owned(), "80/tcp".to_owned()]).into_iter().flatten());
    let secrets = rows.iter().filter(|(path, ..)| path.starts_with("/f2")).map(|(path, ..)| SearchHit {
        path: (*path).to_owned(),
        layer: None,
        name: "KEY".to_owned(),
        pattern: String::new(),
        lines: Vec::new(),
    });
    let secrets = secrets.collect();
    case.with(|artifact| artifact.secrets = Some(secrets)).config(|config| {
        config.exposed_ports = ports;
        config.user = if has("USER root") { "root".to_owned() } else { "7".to_owned() };
        config.healthcheck = has("HEALTHCHECK CMD true").then(|| stopgate_model::Healthcheck {
            test: vec!["CMD-SHELL".to_owned(), "true".to_owned()],
            ..Default::default()
        });
    })
}

/// The fewest steps of all candidates that leave no stop, by trying every set.
fn fewest_by_force(site: &Site<'_>, steps: &[&StepKind]) -> Option<u32> {
    let sets = 0..1_u32 << steps.len();
    let green = sets.filter(|set| {
        let chosen: Vec<&StepKind> =
            steps.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1).map(|(_, step)| *step).collect();
        site.after(&chosen).decision != Decision::Stop
    });
    green.map(u32::count_ones).min()
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(160))]

    #[test]
    fn a_plan_does_what_it_says_and_no_step_can_be_left_out(draft in drafts(9)) {
        let (world, policy) = (draft.world(), draft.policy());
        let (context, rematch) = (world.context(), world.rematch());
        let site = Site::as_it_is(&policy, &context, &rematch);
        let plan = world.plan_with(&policy, None);
        let steps: Vec<&StepKind> = plan.steps.iter().map(|step| &step.kind).collect();
        let after = site.after(&steps);
        prop_assert_eq!(format!("{after:?}"), format!("{:?}", plan.after));
        prop_assert_eq!(plan.is_complete(), plan.remaining.is_empty());
        if !plan.is_complete() {
            return Ok(());
        }
        for left_out in 0..steps.len() {
            let fewer: Vec<&StepKind> = steps.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, s)| *s).collect();
            prop_assert_eq!(site.after(&fewer).decision, Decision::Stop, "without {}", plan.steps[left_out].sentence());
        }
    }

    #[test]
    fn no_fewer_steps_would_do(draft in drafts(6)) {
        let (world, policy) = (draft.world(), draft.policy());
        let (context, rematch) = (world.context(), world.rematch());
        let site = Site::as_it_is(&policy, &context, &rematch);
        let evaluation = site.evaluate(context.artifact, context.matches);
        prop_assume!(evaluation.decision == Decision::Stop);
        let gathered = gather(&site, &evaluation, &site.red(&evaluation));
        prop_assume!(gathered.candidates.len() <= 12);
        let steps: Vec<&StepKind> = gathered.candidates.iter().map(|candidate| &candidate.step).collect();
        let plan = world.plan_with(&policy, None);
        prop_assert!(plan.fewest);
        match fewest_by_force(&site, &steps) {
            Some(fewest) => {
                prop_assert!(plan.is_complete(), "a full plan has {fewest} steps");
                prop_assert_eq!(plan.steps.len() as u32, fewest);
            }
            None => prop_assert!(!plan.is_complete()),
        }
    }

    #[test]
    fn with_many_candidates_no_step_can_be_left_out_either(draft in drafts(9)) {
        let (world, policy) = (draft.world(), draft.policy());
        let (context, rematch) = (world.context(), world.rematch());
        let site = Site::as_it_is(&policy, &context, &rematch);
        let evaluation = site.evaluate(context.artifact, context.matches);
        prop_assume!(evaluation.decision == Decision::Stop);
        let before = site.red(&evaluation);
        let gathered = gather(&site, &evaluation, &before);
        let steps = |chosen: &[usize]| -> Vec<&StepKind> {
            chosen.iter().map(|at| &gathered.candidates[*at].step).collect()
        };
        let evaluate = |chosen: &[usize]| site.red_after(&steps(chosen));
        let greedy = crate::plan::choose::greedy(&gathered.candidates, &before, &gathered.after_all, &evaluate);
        let exact = choose(&gathered.candidates, &before, &gathered.after_all, &evaluate);
        prop_assert_eq!(greedy.left.is_empty(), site.after(&steps(&greedy.chosen)).decision != Decision::Stop);
        if exact.fewest && greedy.left.is_empty() {
            prop_assert!(exact.left.is_empty() && exact.chosen.len() <= greedy.chosen.len());
        }
        if greedy.left.is_empty() {
            for left_out in &greedy.chosen {
                let fewer: Vec<usize> = greedy.chosen.iter().copied().filter(|at| at != left_out).collect();
                prop_assert_eq!(site.after(&steps(&fewer)).decision, Decision::Stop);
            }
        }
    }
}

#[test]
fn the_drafts_hold_what_the_laws_are_about() {
    static ALL: LazyLock<Policy> = LazyLock::new(|| policy(&document(RULES)));
    let draft = Draft {
        packages: vec![(0, 1, 0), (1, 1, 1), (2, 1, 2), (3, 2, 0)],
        advisories: vec![(0, 0, 0, 3), (1, 2, 0, 4), (7, 3, 0, 0)],
        files: vec![(0, 1), (2, 0)],
        lines: vec![0, 1, 2, 4],
        rules: u16::MAX,
    };
    assert_eq!(advisories(&draft.data()).len(), 3);
    let world = draft.world();
    let plan = world.plan_with(&ALL, None);
    assert!(plan.steps.len() > 8, "{:?}", super::lines(&plan));
    assert!(!plan.is_complete());
}
