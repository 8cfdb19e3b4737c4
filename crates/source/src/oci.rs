//! OCI layouts (image-spec 1.1, image-layout), as a folder or as a tar archive.

use std::sync::Arc;

use stopgate_model::{Digest, ImageReference, limits};

use crate::blobs::FileBlobs;
use crate::files::Files;
use crate::manifest::{Descriptor, OCI_MANIFEST};
use crate::select::{Chosen, Documents, Parent, Wish, choose, verify};
use crate::{Image, SourceError, SourceOptions};

/// Opens the one image of a layout; `name` chooses among several.
pub(crate) fn open(files: Box<dyn Files>, name: Option<&str>, options: &SourceOptions) -> Result<Image, SourceError> {
    let index = files.read("index.json", limits::MANIFEST_BYTES)?.ok_or_else(|| SourceError::MissingPart {
        what: "index.json".to_owned(),
        source_name: files.name().to_owned(),
    })?;
    let wish = Wish { platform: options.platform.as_ref(), name };
    let chosen = choose(&Layout(files.as_ref()), index, &wish)?;
    image(files, chosen)
}

fn image(files: Box<dyn Files>, chosen: Chosen) -> Result<Image, SourceError> {
    let layers = chosen.manifest.layer_blobs(&chosen.facts, files.name())?;
    let paths = layers.iter().filter_map(|layer| layer.digest.as_ref()).map(blob_path).collect();
    let tags: Vec<String> = chosen.names;
    let media_type = match chosen.manifest.media_type.as_str() {
        "" => OCI_MANIFEST,
        media_type => media_type,
    };
    Ok(Image {
        reference: tags.first().map_or_else(ImageReference::bare, |tag| reference_of(tag)),
        tags,
        repo_digests: Vec::new(),
        media_type: media_type.to_owned(),
        manifest: chosen.bytes,
        manifest_digest: chosen.digest,
        manifest_is_local: false,
        // The index of a layout is no document of the image; only one within it is.
        parent: match chosen.parent {
            Parent::Inner(bytes) => Some(bytes),
            Parent::Root(_) | Parent::None => None,
        },
        config: chosen.config,
        config_digest: chosen.config_digest,
        layers,
        annotations: chosen.manifest.annotations,
        blobs: Arc::new(FileBlobs { files, paths }),
    })
}

/// A ref-name is a whole reference or, as the specification has it, only a tag.
pub(crate) fn reference_of(name: &str) -> ImageReference {
    if name.contains([':', '/', '@'])
        && let Ok(reference) = ImageReference::parse(name)
    {
        return reference;
    }
    ImageReference { tag: Some(name.to_owned()), ..ImageReference::bare() }
}

/// Where a layout keeps a blob. A digest holds nothing but its algorithm and hexadecimal digits.
pub(crate) fn blob_path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

struct Layout<'a>(&'a dyn Files);

impl Layout<'_> {
    fn document(&self, descriptor: &Descriptor, limit: u64) -> Result<Vec<u8>, SourceError> {
        let digest = descriptor.digest()?;
        let (mut content, size) = self.0.require(&blob_path(&digest))?;
        if size.max(descriptor.size) > limit {
            let seen = size.max(descriptor.size);
            return Err(SourceError::Limit { what: digest.to_string(), seen, limit, unit: "bytes" });
        }
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).map_err(|error| SourceError::io(digest.to_string(), error))?;
        verify(&bytes, descriptor)?;
        Ok(bytes)
    }
}

impl Documents for Layout<'_> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn manifest(&self, descriptor: &Descriptor) -> Result<Vec<u8>, SourceError> {
        self.document(descriptor, limits::MANIFEST_BYTES)
    }

    fn config(&self, descriptor: &Descriptor) -> Result<Vec<u8>, SourceError> {
        self.document(descriptor, limits::CONFIG_BYTES)
    }
}
