//! `secret_scans` / `layers`: a file that a later layer deletes or replaces holds a secret. It is still in the image.

use stopgate_model::{Evidence, Remediation, SearchHit};

use super::in_lines;
use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Layers;

params! {
    pub(crate) struct LayersParams {
        /// Whether every layer counts; if not, the layers of the nearest known ancestor are left out.
        #[example = "true"]
        #[default = "true"]
        all_layers: bool,
    }
}

impl Trigger for Layers {
    type Params = LayersParams;
    const INFO: TriggerInfo = TriggerInfo {
        trigger_id: "file://<path>",
        ..TriggerInfo::new("secret_scans", "layers", "A file that a later layer deletes or replaces holds a secret.")
    };

    fn needs(params: &LayersParams) -> Vec<Need> {
        let whose = (!params.all_layers).then_some(Need::Ancestry);
        std::iter::once(Need::HiddenSecrets).chain(whose).collect()
    }
}

impl ImageTrigger for Layers {
    fn fire(params: &LayersParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let image = scene.artifact().source.image();
        let ancestor = scene.context.ancestors.and_then(|ancestors| ancestors.first());
        let below = ancestor.filter(|_| !params.all_layers).map_or(0, |ancestor| ancestor.layers);
        let layers = image.map_or(&[][..], |image| &image.layers);
        let of_ancestor = |hit: &&SearchHit| {
            let mut lower = layers.iter().take(below);
            hit.layer.as_ref().is_some_and(|layer| lower.any(|lower| lower.diff_id == *layer))
        };
        let all = scene.artifact().hidden_secrets.as_deref().unwrap_or_default();
        let found: Vec<&SearchHit> = all.iter().filter(|hit| !of_ancestor(hit)).collect();
        for of_file in found.chunk_by(|a, b| a.path == b.path) {
            if let Some(first) = of_file.first() {
                hits.push(hit(first, of_file))?;
            }
        }
        Ok(())
    }
}

/// One finding per file, whichever patterns and layers.
fn hit(first: &SearchHit, all: &[&SearchHit]) -> Hit {
    let path = &first.path;
    let layer = first.layer.as_ref().map_or(String::new(), |layer| format!(" of layer `{layer}`"));
    let mut names: Vec<&str> = all.iter().map(|hit| hit.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let names = names.join(", ");
    let message = format!(
        "`{path}`{layer} holds what looks like a secret ({names}){}, although a later layer hides it",
        in_lines(&first.lines)
    );
    let hit = Hit::with_id(format!("file://{path}"), message)
        .about(format!("{path}#hidden"))
        .because("no secret in files that later layers hide", names)
        .remedy(Remediation::RemoveFile { path: path.clone(), revoke: true });
    all.iter().fold(hit, |hit, found| {
        let (path, layer, lines) = (found.path.clone(), found.layer.clone(), found.lines.clone());
        hit.evidence(Evidence::File { path, mode: None, layer, lines })
    })
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Digest, LayerInfo, SearchHit, SourceKind};

    use crate::Ancestor;
    use crate::tests::{Case, check, digest, ids, image};

    fn secret(path: &str, layer: char, name: &str) -> SearchHit {
        let layer = Some(digest(layer));
        SearchHit { path: path.to_owned(), layer, name: name.to_owned(), pattern: "x".to_owned(), lines: vec![2, 4] }
    }

    /// An image of three layers, the lowest of which is its ancestor's.
    fn case(secrets: Vec<SearchHit>) -> Case {
        let layer = |diff_id: Digest| LayerInfo { diff_id, digest: None, media_type: String::new(), size: 0 };
        let mut case = image().with(|artifact| {
            artifact.hidden_secrets = Some(secrets);
            let SourceKind::Image(image) = &mut artifact.source.kind else { return };
            image.layers = ['a', 'b', 'c'].map(|fill| layer(digest(fill))).to_vec();
        });
        case.ancestors = Some(vec![Ancestor { digest: digest('9'), tags: Vec::new(), layers: 1 }]);
        case
    }

    const RULE: &str = "stop secret_scans.layers";

    #[test]
    fn fires() {
        let found =
            case(vec![secret("/root/.aws", 'b', "AWS_ACCESS_KEY"), secret("/root/.aws", 'b', "AWS_SECRET_KEY")]);
        assert_eq!(ids(&found, RULE), ["file:///root/.aws"], "a file is one finding");
        let line = check(&found, RULE).swap_remove(0);
        let end = "holds what looks like a secret (AWS_ACCESS_KEY, AWS_SECRET_KEY) in lines 2, 4, although a later layer hides it";
        assert!(line.starts_with("stop `/root/.aws` of layer `sha256:bbb") && line.ends_with(end), "{line}");
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&case(vec![]), RULE), ["pass"]);
        let inherited = case(vec![secret("/key", 'a', "PRIV_KEY")]);
        assert_eq!(check(&inherited, "stop secret_scans.layers all_layers=false"), ["pass"]);
    }

    #[test]
    fn boundary() {
        let own = || case(vec![secret("/key", 'a', "PRIV_KEY"), secret("/other", 'b', "PRIV_KEY")]);
        assert_eq!(ids(&own(), "stop secret_scans.layers all_layers=false"), ["file:///other"]);
        assert_eq!(ids(&own(), RULE).len(), 2);
        let unplaced = SearchHit { layer: None, ..secret("/key", 'a', "PRIV_KEY") };
        assert_eq!(
            ids(&case(vec![unplaced]), "stop secret_scans.layers all_layers=false").len(),
            1,
            "it may be anywhere"
        );
    }

    #[test]
    fn data_missing() {
        let sbom = case(vec![]).with(|artifact| artifact.hidden_secrets = None);
        assert_eq!(check(&sbom, RULE)[1], "undecided");
        let mut alone = case(vec![]);
        alone.ancestors = None;
        assert_eq!(check(&alone, "stop secret_scans.layers all_layers=false")[1], "undecided", "whose layers they are");
    }
}
