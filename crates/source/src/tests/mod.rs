//! Sources made by our own writer, whole and damaged.

mod daemons;
mod directories;
mod docker;
mod layouts;

use std::io::Read;
use std::path::Path;

use serde_json::json;
use stopgate_archive::write::{Built, CompressionChoice, Entry, ImageBuilder};

use crate::{Image, Opened, SourceError, SourceOptions, SourceSpec};

/// Two layers, a tag and a command.
pub(crate) fn sample() -> Built {
    builder().build().unwrap()
}

fn builder() -> ImageBuilder {
    ImageBuilder::new()
        .layer(vec![Entry::directory("etc"), Entry::file("etc/os-release", "ID=debian\n")])
        .layer(vec![Entry::file("app", vec![7; 100_000]), Entry::whiteout("etc/os-release")])
        .compression(CompressionChoice::Gzip)
        .tag("example.com/team/app:1.0")
        .config_field("config", json!({"Cmd": ["/app"]}))
}

pub(crate) fn open(text: &str, options: &SourceOptions) -> Result<Image, SourceError> {
    match crate::open(&SourceSpec::parse(text)?, options)? {
        Opened::Image(image) => Ok(image),
        other => panic!("no image: {other:?}"),
    }
}

fn open_path(scheme: &str, path: &Path) -> Result<Image, SourceError> {
    open(&format!("{scheme}{}", path.display()), &SourceOptions::default())
}

/// The inflated layers.
pub(crate) fn layers(image: &Image) -> Vec<Vec<u8>> {
    let read = |index| {
        let mut content = Vec::new();
        let stored = image.open_layer(index).unwrap();
        stopgate_archive::Decoder::new(stored).unwrap().read_to_end(&mut content).unwrap();
        content
    };
    (0..image.layers.len()).map(read).collect()
}

/// Reads a layer to its end.
pub(crate) fn read_layer(image: &Image, index: usize) -> std::io::Result<u64> {
    std::io::copy(&mut image.open_layer(index).unwrap(), &mut std::io::sink())
}
