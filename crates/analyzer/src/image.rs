//! An image: its layers' facts, from the cache or from a walk, and the artifact that they make.

use std::collections::HashMap;
use std::thread;

use sha2::{Digest as _, Sha256};
use stopgate_catalogers::SourceClass;
use stopgate_inspectors::{guess_dockerfile, read_dockerfile, read_image_config};
use stopgate_model::{
    Artifact, Digest, Dockerfile, Documents, Gap, GapCode, ImageConfig, ImageReference, ImageSource, LayerInfo,
    SourceDescription, SourceKind,
};
use stopgate_source::Image;
use xxhash_rust::xxh3::xxh3_128;

use crate::again::Again;
use crate::analyze::{AnalyzeOptions, analyzer};
use crate::collect::{Collector, Tools};
use crate::layer::{LayerBuilder, LayerFacts};
use crate::links::LayerWants;
use crate::merged::merge;
use crate::parallel::in_parallel;
use crate::pool::CloseOnDrop;
use crate::scan::scan_image;
use crate::walk::{ImageBudget, LayerStream, walk};
use crate::{AnalyzeError, CacheDir, again, links, verify};

pub(crate) fn analyze_image(image: &Image, options: &AnalyzeOptions<'_>) -> Result<Artifact, AnalyzeError> {
    let (config, mut gaps) = read_image_config(&image.config);
    let tools = Tools::new(SourceClass::Image, options.demand());
    gaps.extend(tools.demand.gap());
    let facts = layers(image, &tools, options)?;
    let by_layer: Vec<&LayerFacts> = image.layers.iter().filter_map(|layer| facts.get(&layer.diff_id)).collect();
    let diff_ids: Vec<Digest> = image.layers.iter().map(|layer| layer.diff_id.clone()).collect();
    let mut merged = merge(&by_layer, &diff_ids, &tools).map_err(|_| damaged(&diff_ids))?;
    let (wants, gap) = links::wants(&merged.files, &merged.hard_links, &tools.claims, &tools.demand);
    gaps.extend(gap);
    for (layer, wants) in &wants {
        let found = look_again(image, *layer, wants, &tools, options)?;
        gaps.extend(of_layer(&found, diff_ids.get(*layer)));
        merged.add_again(*layer, &found, &diff_ids, &tools.demand).map_err(|_| damaged(&diff_ids))?;
    }
    let mut assembled = merged.assemble(SourceClass::Image, &diff_ids);
    if options.verify {
        for (layer, wants) in &verify::wants(&merged.files, &assembled.packages) {
            let found = look_again(image, *layer, wants, &tools, options)?;
            gaps.extend(of_layer(&found, diff_ids.get(*layer)));
            merged.add_again(*layer, &found, &diff_ids, &tools.demand).map_err(|_| damaged(&diff_ids))?;
        }
    }
    gaps.append(&mut assembled.gaps);
    gaps.extend(merged.gaps);
    for (facts, diff_id) in by_layer.iter().zip(&diff_ids) {
        gaps.extend(of_layer(facts, Some(diff_id)));
    }
    let mut documents = Documents::default();
    if let Some(scanner) = options.scanner {
        let (scan, missing) = scan_image(image, &merged.files, scanner, options)?;
        documents.malware = Some(vec![scan]);
        gaps.extend(missing);
    }
    let config_secrets = tools.config_secrets(&config);
    let dockerfile = given_dockerfile(options, &mut gaps);
    let dockerfile = dockerfile.or_else(|| config.history.as_deref().map(guess_dockerfile));
    gaps.sort_unstable();
    gaps.dedup();
    Ok(Artifact {
        source: describe(image, &config, &by_layer, options),
        config: Some(config),
        distro: assembled.distro,
        packages: assembled.packages,
        relationships: assembled.relationships,
        files: Some(merged.files),
        dockerfile,
        secrets: Some(merged.secrets),
        hidden_secrets: Some(merged.hidden_secrets),
        config_secrets: Some(config_secrets),
        content: tools.demand.content.as_ref().map(|_| merged.content),
        retrieved: Some(merged.retrieved),
        documents,
        gaps,
        analyzer: analyzer(),
        sbom: None,
    })
}

/// The gaps of a layer, with its name.
fn of_layer<'a>(facts: &'a LayerFacts, diff_id: Option<&'a Digest>) -> impl Iterator<Item = Gap> + 'a {
    facts.summary().gaps.iter().map(move |gap| Gap { layer: diff_id.cloned(), ..gap.clone() })
}

/// Reads the files of a layer that are wanted under names that only links give them.
fn look_again(
    image: &Image,
    index: usize,
    wants: &LayerWants,
    tools: &Tools,
    options: &AnalyzeOptions<'_>,
) -> Result<LayerFacts, AnalyzeError> {
    let Some(layer) = image.layers.get(index) else { return Err(damaged(&[])) };
    let (diff_id, key) = (&layer.diff_id, again::key(wants));
    if let Some(known) = options.cache.as_ref().and_then(|cache| cache.load(diff_id, &key)) {
        return Ok(known);
    }
    let stored = image.open_layer(index)?;
    let what = diff_id.to_string();
    let budget = ImageBudget::default();
    let stream = LayerStream {
        stored,
        what: &what,
        diff_id: Some(diff_id),
        filesystem: true,
        budget: &budget,
        progress: &|_| {},
    };
    let mut again = Again::new(tools, wants);
    let walked = walk(stream, &mut again)?;
    let facts = again.finish().map_err(|_| damaged(std::slice::from_ref(diff_id)))?;
    if let Some(cache) = options.cache.as_ref().filter(|_| walked.complete) {
        cache.store(diff_id, &key, &facts);
    }
    Ok(facts)
}

/// The facts of each layer, once per diffID.
fn layers(
    image: &Image,
    tools: &Tools,
    options: &AnalyzeOptions<'_>,
) -> Result<HashMap<Digest, LayerFacts>, AnalyzeError> {
    let mut facts: HashMap<Digest, LayerFacts> = HashMap::new();
    let mut missing: Vec<usize> = Vec::new();
    let budget = ImageBudget::default();
    let part = tools.demand.key();
    let wanted = in_parallel(options.threads(), &(0..image.layers.len()).collect::<Vec<_>>(), |index| {
        let cache = options.cache.as_ref()?;
        known(image, *index, &part, cache).transpose()
    });
    for (index, loaded) in wanted.into_iter().enumerate() {
        let loaded = loaded.flatten().transpose()?;
        let Some(layer) = image.layers.get(index) else { continue };
        let first = image.layers.iter().position(|other| other.diff_id == layer.diff_id) == Some(index);
        match loaded {
            Some(loaded) => {
                tools.count_entries(loaded.summary().entries);
                tools.count_known(loaded.lengths());
                budget.count(loaded.summary().bytes);
                facts.insert(layer.diff_id.clone(), loaded);
            }
            None if first => missing.push(index),
            None => {}
        }
    }
    // A layer that another process wrote meanwhile is known under its other place.
    missing.retain(|index| image.layers.get(*index).is_some_and(|layer| !facts.contains_key(&layer.diff_id)));
    let size = |index: &usize| image.layers.get(*index).map_or(0, |layer| layer.size);
    if let Some(progress) = options.progress {
        progress.begin(missing.len(), missing.iter().map(size).sum());
    }
    // The largest first, so that no thread is left alone with it at the end.
    missing.sort_by_key(|index| (std::cmp::Reverse(size(index)), *index));
    for (index, walked) in walk_all(image, &missing, tools, &budget, options) {
        if let Some(layer) = image.layers.get(index) {
            facts.insert(layer.diff_id.clone(), walked?);
        }
    }
    Ok(facts)
}

/// The facts of a layer that was seen before. What is stored must be what it was then: bytes at hand are hashed
/// unless they lie in a file that was read before and did not change since; fetched ones are known by their digest.
fn known(image: &Image, index: usize, part: &str, cache: &CacheDir) -> Result<Option<LayerFacts>, AnalyzeError> {
    let Some(layer) = image.layers.get(index) else { return Ok(None) };
    let Some(facts) = cache.load(&layer.diff_id, part) else { return Ok(None) };
    let digest = layer.digest.as_ref().unwrap_or(&layer.diff_id);
    if *digest != layer.diff_id && !cache.knows(&layer.diff_id, part, mark(digest, "")) {
        return Ok(None); // Nobody has seen yet that these bytes hold this layer.
    }
    let identity = match image.layer_identity(index) {
        Ok(identity) => identity,
        Err(_) if layer.foreign => None,
        Err(error) => return Err(error.into()),
    };
    if let Some(identity) = identity {
        let mark = mark(digest, &identity);
        if !cache.knows(&layer.diff_id, part, mark) {
            image.verify_layer(index)?;
            cache.remember(&layer.diff_id, part, &[mark]);
        }
    }
    Ok(Some(facts))
}

/// What stored bytes are known by: their digest, or that and the file in which they lie.
fn mark(digest: &Digest, identity: &str) -> u128 {
    xxh3_128(format!("{digest} {identity}").as_bytes())
}

type Walked = (usize, Result<LayerFacts, AnalyzeError>);

/// Walks layers. Failures come first, that of the lowest layer before others.
fn walk_all(
    image: &Image,
    indices: &[usize],
    tools: &Tools,
    budget: &ImageBudget,
    options: &AnalyzeOptions<'_>,
) -> Vec<Walked> {
    thread::scope(|scope| {
        if indices.is_empty() {
            return Vec::new();
        }
        let _close = CloseOnDrop(&tools.pool);
        for _ in 0..options.threads() {
            scope.spawn(|| tools.pool.work());
        }
        let walked = in_parallel(options.threads(), indices, |index| {
            let walked = walk_one(image, *index, tools, budget, options);
            if walked.is_err() {
                budget.stop();
            }
            walked
        });
        let mut walked: Vec<Walked> =
            indices.iter().copied().zip(walked).filter_map(|(index, walked)| Some((index, walked?))).collect();
        walked.sort_by_key(|(index, walked)| (walked.is_ok(), matches!(walked, Err(AnalyzeError::Stopped)), *index));
        walked
    })
}

fn walk_one(
    image: &Image,
    index: usize,
    tools: &Tools,
    budget: &ImageBudget,
    options: &AnalyzeOptions<'_>,
) -> Result<LayerFacts, AnalyzeError> {
    let Some(layer) = image.layers.get(index) else { return Err(damaged(&[])) };
    let diff_id = &layer.diff_id;
    // Before it is read: what is written meanwhile has another one.
    let identity = image.layer_identity(index).ok().flatten();
    let stored = match image.open_layer(index) {
        Ok(stored) => stored,
        Err(error) if layer.foreign => {
            tracing::debug!(%error, "a foreign layer is absent");
            let mut builder = LayerBuilder::default();
            let message = format!("the layer is not distributed with the image: {error}");
            builder.gap(Gap::new(GapCode::LayerForeign, message));
            return builder.finish().map_err(|_| damaged(std::slice::from_ref(diff_id)));
        }
        Err(error) => return Err(error.into()),
    };
    let progress = |bytes| {
        if let Some(progress) = options.progress {
            progress.advance(bytes);
        }
    };
    let what = diff_id.to_string();
    let filesystem = layer.media_type.is_empty() || layer.media_type.contains("tar");
    let stream = LayerStream { stored, what: &what, diff_id: Some(diff_id), filesystem, budget, progress: &progress };
    let mut collector = Collector::of_layer(tools);
    let walked = walk(stream, &mut collector)?;
    let cut = collector.is_full();
    let mut builder = collector.finish();
    builder.summary().bytes = walked.bytes;
    let whole = walked.complete && !cut && !builder.overflowed();
    let facts = builder.finish().map_err(|_| damaged(std::slice::from_ref(diff_id)))?;
    if let Some(cache) = options.cache.as_ref().filter(|_| whole) {
        let part = tools.demand.key();
        cache.store(diff_id, &part, &facts);
        let digest = layer.digest.as_ref().unwrap_or(diff_id);
        let marks = std::iter::once("").chain(identity.as_deref()).map(|identity| mark(digest, identity));
        cache.remember(diff_id, &part, &marks.collect::<Vec<_>>());
    }
    Ok(facts)
}

fn damaged(diff_ids: &[Digest]) -> AnalyzeError {
    AnalyzeError::Inconsistent { layers: diff_ids.iter().map(ToString::to_string).collect::<Vec<_>>().join("`, `") }
}

/// The Dockerfile that the user gave.
pub(crate) fn given_dockerfile(options: &AnalyzeOptions<'_>, gaps: &mut Vec<Gap>) -> Option<Dockerfile> {
    let given = options.dockerfile.as_ref()?;
    let (file, found) = read_dockerfile(&given.content);
    gaps.extend(found.into_iter().map(|gap| Gap { message: format!("`{}`: {}", given.name, gap.message), ..gap }));
    Some(file)
}

fn describe(
    image: &Image,
    config: &ImageConfig,
    layers: &[&LayerFacts],
    options: &AnalyzeOptions<'_>,
) -> SourceDescription {
    let reference = options.reference.clone().unwrap_or_else(|| image.reference.clone());
    let layers: Vec<LayerInfo> = image
        .layers
        .iter()
        .zip(layers)
        .map(|(blob, facts)| LayerInfo {
            diff_id: blob.diff_id.clone(),
            digest: blob.digest.clone(),
            media_type: blob.media_type.clone(),
            size: facts.summary().file_bytes,
        })
        .collect();
    SourceDescription {
        id: chain_id(layers.iter().map(|layer| &layer.diff_id)).unwrap_or_else(|| image.config_digest.hex().to_owned()),
        name: name(&reference, &options.user_input),
        version: image.manifest_digest.to_string(),
        user_input: options.user_input.clone(),
        kind: SourceKind::Image(Box::new(ImageSource {
            reference,
            tags: image.tags.clone(),
            repo_digests: image.repo_digests.clone(),
            image_id: image.config_digest.clone(),
            manifest_digest: image.manifest_digest.clone(),
            manifest_is_local: image.manifest_is_local,
            media_type: image.media_type.clone(),
            size: layers.iter().map(|layer| layer.size).sum(),
            layers,
            manifest: image.manifest.clone(),
            config: image.config.clone(),
            architecture: config.architecture.clone(),
            variant: config.variant.clone(),
            os: config.os.clone(),
            annotations: image.annotations.clone(),
        })),
    }
}

/// The repository as people name it; what the user typed when there is none.
fn name(reference: &ImageReference, user_input: &str) -> String {
    if *reference == ImageReference::bare() {
        return user_input.to_owned();
    }
    match reference.registry.as_str() {
        "docker.io" => reference.repository.clone(),
        registry => format!("{registry}/{}", reference.repository),
    }
}

/// ChainID of the topmost layer (OCI image specification, config.md), without its algorithm.
fn chain_id<'a>(diff_ids: impl Iterator<Item = &'a Digest>) -> Option<String> {
    let mut chain: Option<Digest> = None;
    for diff_id in diff_ids {
        chain = Some(match chain {
            None => diff_id.clone(),
            Some(below) => Digest::sha256(&Sha256::digest(format!("{below} {diff_id}")).into()),
        });
    }
    chain.map(|chain| chain.hex().to_owned())
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Digest, ImageReference};

    use super::{chain_id, name};

    #[test]
    fn chain_ids_follow_the_specification() {
        let (a, b) = (Digest::sha256(&[1; 32]), Digest::sha256(&[2; 32]));
        assert_eq!(chain_id([].iter()), None);
        assert_eq!(chain_id([&a].into_iter()), Some(a.hex().to_owned()));
        // sha256 of "sha256:0101… sha256:0202…", by sha256sum.
        let expected = "ad00036de6f26a309d173ace61d4a45573a1658ab0ff36e3858c3dbee3c5ded8";
        assert_eq!(chain_id([&a, &b].into_iter()).as_deref(), Some(expected));
    }

    #[test]
    fn names_are_repositories() {
        let named = |text: &str| name(&ImageReference::parse(text).unwrap(), "x.tar");
        assert_eq!(named("nginx:1"), "nginx");
        assert_eq!(
            named("quay.io/a/b@sha256:0000000000000000000000000000000000000000000000000000000000000000"),
            "quay.io/a/b"
        );
        assert_eq!(named("*/*:*"), "x.tar");
    }
}
