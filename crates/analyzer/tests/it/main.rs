//! The analyzer from the outside: images and folders in, artifacts out.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod capabilities;
mod demand;
mod folders;
mod hostile;
mod images;
mod malware;
mod verify;

use std::path::Path;

use stopgate_analyzer::{AnalyzeError, AnalyzeOptions, CacheDir, analyze};
use stopgate_archive::write::ImageBuilder;
use stopgate_model::{Artifact, GapCode};
use stopgate_source::{Image, Opened, SourceOptions, SourceSpec, open};

/// Opens whatever lies at a path.
fn opened(scheme: &str, path: &Path) -> Opened {
    let spec = SourceSpec::parse(&format!("{scheme}:{}", path.display())).unwrap();
    open(&spec, &SourceOptions::default()).unwrap()
}

/// The image as an opened OCI archive.
fn image_of(builder: &ImageBuilder) -> (tempfile::TempDir, Image) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    builder.write_oci_archive(&path).unwrap();
    match opened("oci-archive", &path) {
        Opened::Image(image) => (folder, image),
        other => panic!("an image, not {other:?}"),
    }
}

fn analyze_with(builder: &ImageBuilder, options: &AnalyzeOptions<'_>) -> Result<Artifact, AnalyzeError> {
    let (_folder, image) = image_of(builder);
    analyze(&Opened::Image(image), options)
}

fn analyzed(builder: &ImageBuilder) -> Artifact {
    analyze_with(builder, &AnalyzeOptions::default()).unwrap()
}

fn cache_in(folder: &Path) -> AnalyzeOptions<'static> {
    AnalyzeOptions {
        cache: Some(CacheDir { path: folder.to_owned(), max_bytes: CacheDir::DEFAULT_BYTES }),
        ..AnalyzeOptions::default()
    }
}

fn codes(artifact: &Artifact) -> Vec<GapCode> {
    artifact.gaps.iter().map(|gap| gap.code).collect()
}

fn paths(artifact: &Artifact) -> Vec<&str> {
    artifact.files.as_ref().unwrap().iter().map(|entry| entry.path).collect()
}
