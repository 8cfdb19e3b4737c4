//! The artifact of what has no layers: a folder or a file.

use sha2::{Digest as _, Sha256};
use stopgate_catalogers::SourceClass;
use stopgate_inspectors::MalwareScanner;
use stopgate_model::{Artifact, Digest, Documents, FileIndex, Gap, SourceDescription, SourceKind};

use crate::analyze::{AnalyzeOptions, analyzer};
use crate::collect::Tools;
use crate::image::given_dockerfile;
use crate::layer::LayerFacts;
use crate::links::LayerWants;
use crate::merged::merge;
use crate::scan::Scanned;
use crate::{AnalyzeError, links, verify};

/// Reads files of the source once more.
pub(crate) trait Reread {
    /// Takes a second look at files that are wanted under other names.
    fn again(&self, wants: &LayerWants) -> Result<LayerFacts, AnalyzeError>;
    /// Shows the files of the tree to a scanner.
    fn scan(&self, files: &FileIndex, scanner: &dyn MalwareScanner) -> Result<Scanned, AnalyzeError>;
}

/// The artifact of a source, from what was found in its files.
pub(crate) fn artifact(
    name: &str,
    kind: SourceKind,
    facts: &LayerFacts,
    (tools, source): (&Tools, &dyn Reread),
    options: &AnalyzeOptions<'_>,
) -> Result<Artifact, AnalyzeError> {
    let inconsistent = |_| AnalyzeError::Inconsistent { layers: name.to_owned() };
    let mut merged = merge(&[facts], &[], tools).map_err(inconsistent)?;
    let (wants, gap) = links::wants(&merged.files, &merged.hard_links, &tools.claims, &tools.demand);
    let mut gaps: Vec<Gap> = gap.into_iter().chain(tools.demand.gap()).collect();
    for wants in wants.values() {
        let found = source.again(wants)?;
        gaps.extend(found.summary().gaps.iter().cloned());
        merged.add_again(0, &found, &[], &tools.demand).map_err(inconsistent)?;
    }
    let assembled = merged.assemble(SourceClass::Directory, &[]);
    if options.verify {
        for wants in verify::wants(&merged.files, &assembled.packages).values() {
            let found = source.again(wants)?;
            gaps.extend(found.summary().gaps.iter().cloned());
            merged.add_again(0, &found, &[], &tools.demand).map_err(inconsistent)?;
        }
    }
    gaps.extend(assembled.gaps);
    gaps.extend(merged.gaps);
    gaps.extend(facts.summary().gaps.iter().cloned());
    let mut documents = Documents::default();
    if let Some(scanner) = options.scanner {
        let (scan, missing) = source.scan(&merged.files, scanner)?;
        documents.malware = Some(vec![scan]);
        gaps.extend(missing);
    }
    let dockerfile = given_dockerfile(options, &mut gaps);
    gaps.sort_unstable();
    gaps.dedup();
    let mut identity = Sha256::new_with_prefix(name);
    identity.update([0]);
    facts.lasting(|bytes| identity.update(bytes)).map_err(inconsistent)?;
    Ok(Artifact {
        source: SourceDescription {
            id: Digest::sha256(&identity.finalize().into()).hex().to_owned(),
            name: name.to_owned(),
            version: String::new(),
            user_input: options.user_input.clone(),
            kind,
        },
        config: None,
        distro: assembled.distro,
        packages: assembled.packages,
        relationships: assembled.relationships,
        files: Some(merged.files),
        dockerfile,
        secrets: Some(merged.secrets),
        hidden_secrets: Some(merged.hidden_secrets),
        config_secrets: None,
        content: tools.demand.content.as_ref().map(|_| merged.content),
        retrieved: Some(merged.retrieved),
        documents,
        gaps,
        analyzer: analyzer(),
        sbom: None,
    })
}
