//! `sbom` / `quality`: the SBOM lacks more fields than allowed that a profile asks for.
//!
//! Profiles: NTIA's minimum elements of 2021, CISA's draft of 2025, and what Annex I of the EU's Cyber Resilience Act
//! asks for. Of an artifact that was analysed, the SBOM that this program writes counts: its tool, author and time are
//! always there. Not judged: how often an SBOM is made, and who gets it.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use stopgate_model::{Artifact, Package, Remediation, SUPPLIER_FIELDS};

use crate::engine::Scene;
use crate::gates::facts;
use crate::regexes::Fault;
use crate::trigger::params::{params, words};
use crate::trigger::{ANY, Hit, Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct Quality;

params! {
    pub(crate) struct QualityParams {
        /// Whose fields are asked for.
        #[example = "ntia-2021"]
        profile: Profile,
        /// How many fields may be missing, all packages together.
        #[example = "10"]
        #[default = "0"]
        max_missing: u32,
    }
}

words! {
    /// Profiles.
    pub(crate) enum Profile {
        Ntia = "ntia-2021",
        Cisa = "cisa-2025",
        Cra = "cra",
    }
}

/// Packages that one finding shows.
const MOST_EVIDENCE: usize = 100;

impl Trigger for Quality {
    type Params = QualityParams;
    const INFO: TriggerInfo = TriggerInfo {
        artifact_types: ANY,
        trigger_id: "quality:<profile>:<field>",
        ..TriggerInfo::new("sbom", "quality", "The SBOM lacks fields that a profile asks for.")
    };
}

impl ImageTrigger for Quality {
    fn fire(params: &QualityParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let artifact = scene.artifact();
        let lacking: Vec<(Field, Vec<&Package>)> = params
            .profile
            .fields()
            .iter()
            .filter_map(|field| {
                let packages = field.missing(artifact)?;
                Some((*field, packages))
            })
            .collect();
        // A field of the document as a whole is one.
        let missing: usize = lacking.iter().map(|(_, packages)| packages.len().max(1)).sum();
        if missing as u64 > u64::from(params.max_missing) {
            for (field, packages) in &lacking {
                hits.push(params.hit(*field, packages, artifact.packages.len(), missing))?;
            }
        }
        Ok(())
    }
}

/// A field of an SBOM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Author,
    Tool,
    Timestamp,
    Context,
    Relationships,
    Components,
    Supplier,
    Version,
    Identifier,
    Hash,
    License,
}

use Field::{
    Author, Components, Context, Hash, Identifier, License, Relationships, Supplier, Timestamp, Tool, Version,
};

impl Profile {
    const fn fields(self) -> &'static [Field] {
        match self {
            Self::Ntia => &[Author, Timestamp, Relationships, Components, Supplier, Version, Identifier],
            Self::Cisa => &[
                Author,
                Tool,
                Timestamp,
                Context,
                Relationships,
                Components,
                Supplier,
                Version,
                Identifier,
                Hash,
                License,
            ],
            Self::Cra => &[Author, Timestamp, Relationships, Components, Version, Identifier],
        }
    }
}

impl Field {
    const fn name(self) -> &'static str {
        match self {
            Author => "author",
            Tool => "tool",
            Timestamp => "timestamp",
            Context => "generation context",
            Relationships => "dependency relationships",
            Components => "components",
            Supplier => "supplier",
            Version => "version",
            Identifier => "identifier",
            Hash => "hash",
            License => "licence",
        }
    }

    /// The packages that lack it, none for a field of the document; `None` when nothing lacks it.
    fn missing(self, artifact: &Artifact) -> Option<Vec<&Package>> {
        let head = artifact.sbom.as_ref();
        let of_document = |is_there: bool| (!is_there).then(Vec::new);
        let tool = !artifact.analyzer.name.is_empty();
        let lacks: fn(&Artifact, &Package) -> bool = match self {
            Author => return of_document(head.is_none_or(|head| !head.authors.is_empty())),
            Tool => return of_document(tool),
            Timestamp => return of_document(head.is_none_or(|head| is_time(&head.created))),
            Context => return of_document(head.is_none_or(|head| !head.contexts.is_empty())),
            Components => return of_document(!artifact.packages.is_empty()),
            Relationships => {
                // What was analysed is said to be part of the artifact; a document must say it itself.
                let alone = artifact.packages.len() <= 1;
                return of_document(head.is_none() || alone || !artifact.relationships.is_empty());
            }
            Supplier => |artifact, package| !has_supplier(artifact, package),
            Version => |_, package| package.version.is_empty(),
            Identifier => |_, package| package.purl.is_empty() && package.cpes.is_empty(),
            Hash => |_, package| package.digests.is_empty(),
            License => |_, package| !package.licenses.iter().any(is_stated),
        };
        let packages: Vec<&Package> = artifact.packages.iter().filter(|package| lacks(artifact, package)).collect();
        (!packages.is_empty()).then_some(packages)
    }
}

fn is_time(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
}

fn is_stated(license: &stopgate_model::License) -> bool {
    let text = if license.spdx.is_empty() { &license.value } else { &license.spdx };
    !matches!(text.trim(), "" | "NOASSERTION")
}

fn has_supplier(artifact: &Artifact, package: &Package) -> bool {
    if artifact.sbom.as_ref().is_some_and(|head| head.supplied.binary_search(&package.id).is_ok()) {
        return true;
    }
    let details = package.details.as_ref().map_or("", |details| &details.json);
    // Records are long and few of their fields are asked for, so most are not even taken apart.
    SUPPLIER_FIELDS.iter().any(|field| details.contains(field)) && names_supplier(details)
}

/// Whether a record names a supplier in one of the known fields of its top level.
fn names_supplier(record: &str) -> bool {
    let mut named = false;
    // The field stands in front of long lists of files, so reading ends where it is found.
    let _ = serde_json::Deserializer::from_str(record).deserialize_map(Record(&mut named));
    named
}

struct Record<'n>(&'n mut bool);

impl<'de> Visitor<'de> for Record<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(field) = fields.next_key::<String>()? {
            if !SUPPLIER_FIELDS.contains(&field.as_str()) {
                fields.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: Value = fields.next_value()?;
            *self.0 = value.as_str().is_some_and(|text| !text.trim().is_empty());
            if *self.0 {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl QualityParams {
    fn hit(&self, field: Field, packages: &[&Package], all: usize, missing: usize) -> Hit {
        let (profile, name, most) = (self.profile.word(), field.name(), self.max_missing);
        let lack = match packages.len() {
            0 => format!("the SBOM has no {name}"),
            count => format!("{count} of {all} packages have no {name}"),
        };
        let message =
            format!("{lack}, which {profile} asks for: {missing} fields are missing, expected at most {most}");
        let hit = Hit::with_id(format!("{}:{profile}:{name}", Quality::INFO.name), message)
            .about(format!("{profile} {name}"))
            .because(format!("missing fields <= {most}"), missing.to_string())
            .remedy(Remediation::Provide { what: format!("the {name} in the SBOM") });
        packages.iter().take(MOST_EVIDENCE).fold(hit, |hit, package| hit.evidence(facts::package(package)))
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::{
        Details, Element, License, LicenseKind, PackageId, PackageType, Relationship, RelationshipKind, SbomHead,
    };

    use crate::tests::{Case, check, digest, ids, image};

    /// An image with one package that has every field.
    fn complete() -> Case {
        image().package(PackageType::DEB, "openssl", "3", "").with(|artifact| {
            let package = &mut artifact.packages[0];
            let json = r#"{"maintainer": "Debian"}"#.to_owned();
            package.details = Some(Details { type_name: "dpkg-db-entry".to_owned(), json });
            package.digests.push(digest('4'));
            package.licenses.push(License {
                value: "MIT".to_owned(),
                spdx: "MIT".to_owned(),
                kind: LicenseKind::Declared,
                urls: Vec::new(),
                locations: Vec::new(),
            });
        })
    }

    fn read_from_sbom(head: SbomHead) -> Case {
        let mut case = complete().package(PackageType::NPM, "left-pad", "1", "");
        case.from_sbom = true;
        case.with(|artifact| artifact.sbom = Some(head))
    }

    fn head() -> SbomHead {
        SbomHead {
            authors: vec!["Organization: Acme".to_owned()],
            created: "2026-05-01T00:00:00Z".to_owned(),
            contexts: vec!["build".to_owned()],
            supplied: vec![PackageId(2)],
        }
    }

    const NTIA: &str = "warn sbom.quality profile=ntia-2021";
    const CISA: &str = "warn sbom.quality profile=cisa-2025";
    const CRA: &str = "warn sbom.quality profile=cra";

    #[test]
    fn fires() {
        let bare = complete().package(PackageType::NPM, "left-pad", "", "");
        assert_eq!(ids(&bare, NTIA), ["quality:ntia-2021:supplier", "quality:ntia-2021:version"]);
        assert_eq!(
            check(&bare, NTIA)[0],
            "warn 1 of 2 packages have no supplier, which ntia-2021 asks for: 2 fields are missing, expected at most 0"
        );
        let headless = read_from_sbom(SbomHead { supplied: vec![PackageId(2)], ..SbomHead::default() });
        let fields = ["author", "timestamp", "dependency relationships"];
        assert_eq!(ids(&headless, NTIA), fields.map(|field| format!("quality:ntia-2021:{field}")));
        assert_eq!(check(&headless, CRA)[0].split(',').next().unwrap(), "warn the SBOM has no author");
    }

    #[test]
    fn does_not_fire() {
        for rule in [NTIA, CISA, CRA] {
            assert_eq!(check(&complete(), rule), ["pass"], "{rule}");
        }
        let edge = Relationship {
            from: Element::Package(PackageId(1)),
            to: Element::Package(PackageId(2)),
            kind: RelationshipKind::DependencyOf,
        };
        let told = read_from_sbom(head()).with(|artifact| artifact.relationships.push(edge));
        assert_eq!(check(&told, NTIA), ["pass"]);
        assert_eq!(ids(&told, CISA), ["quality:cisa-2025:hash", "quality:cisa-2025:licence"]);
    }

    #[test]
    fn boundary() {
        let bare = complete().package(PackageType::NPM, "left-pad", "", "");
        assert_eq!(check(&bare, &format!("{NTIA}; max_missing=2")), ["pass"]);
        assert_eq!(ids(&bare, &format!("{NTIA}; max_missing=1")).len(), 2);
        assert_eq!(ids(&image(), CRA), ["quality:cra:components"], "an SBOM of nothing");
        let dated = |created: &str| read_from_sbom(SbomHead { created: created.to_owned(), ..head() });
        assert!(ids(&dated("yesterday"), CRA).contains(&"quality:cra:timestamp".to_owned()));
        assert!(!ids(&dated("2026-05-01T02:00:00+02:00"), CRA).contains(&"quality:cra:timestamp".to_owned()));
    }

    #[test]
    fn data_missing() {
        // What a document does not say is missing from it: there is nothing else to ask.
        let anonymous = read_from_sbom(head()).with(|artifact| artifact.analyzer.name.clear());
        assert!(ids(&anonymous, CISA).contains(&"quality:cisa-2025:tool".to_owned()));
        let unstated = complete().with(|artifact| artifact.packages[0].licenses[0].spdx = "NOASSERTION".to_owned());
        assert_eq!(ids(&unstated, CISA), ["quality:cisa-2025:licence"]);
        let garbled = complete().with(|artifact| artifact.packages[0].details.as_mut().unwrap().json.clear());
        assert_eq!(ids(&garbled, NTIA), ["quality:ntia-2021:supplier"]);
    }
}
