//! The entry point: a source in, an artifact out.

use stopgate_inspectors::{ContentSearch, MalwareScanner};
use stopgate_model::{Analyzer, Artifact, ImageReference};
use stopgate_source::Opened;

use crate::demand::Demand;
use crate::directory::analyze_directory;
use crate::file::analyze_file;
use crate::image::analyze_image;
use crate::{AnalyzeError, CacheDir};

/// A file that the user gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// Name as given.
    pub name: String,
    /// Content.
    pub content: Vec<u8>,
}

/// Told how far an analysis is. Called from several threads.
pub trait Progress: Sync {
    /// How many layers must be read, and their stored bytes together. The others came from the cache. Once more
    /// when a scanner is shown the layers.
    fn begin(&self, layers: usize, bytes: u64);
    /// So many more stored bytes were read.
    fn advance(&self, bytes: u64);
}

/// How to analyse. The default: no cache, no Dockerfile, as many threads as there are processors.
#[derive(Default, Clone)]
pub struct AnalyzeOptions<'a> {
    /// Where facts of layers are kept between runs; `None`: nowhere.
    pub cache: Option<CacheDir>,
    /// The Dockerfile of the image.
    pub dockerfile: Option<NamedFile>,
    /// The reference under which the image is evaluated, instead of the source's own.
    pub reference: Option<ImageReference>,
    /// What the user typed.
    pub user_input: String,
    /// Paths from the root whose content policies read, beside those that are always kept.
    pub retrieve: Vec<String>,
    /// What the site looks for in files; `None`: nothing, and then nothing is known of it.
    pub content_search: Option<ContentSearch>,
    /// Whether the files of package databases get the digests that these record, so that a policy can verify them.
    /// Where a database records SHA-256, as rpm does, they have them anyway.
    pub verify: bool,
    /// Shown the content of every file; `None`: nobody looked for malware, which is not the same as finding none.
    pub scanner: Option<&'a dyn MalwareScanner>,
    /// Told how far the analysis is.
    pub progress: Option<&'a dyn Progress>,
    /// Layers that are read, and files that are inspected, at the same time; 0: one per processor, between 2
    /// and 8.
    pub threads: usize,
}

impl AnalyzeOptions<'_> {
    pub(crate) fn threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(2, |processors| processors.get().clamp(2, 8)),
            threads => threads,
        }
    }

    pub(crate) fn demand(&self) -> Demand {
        Demand::new(self)
    }
}

/// Analyses a source.
pub fn analyze(opened: &Opened, options: &AnalyzeOptions<'_>) -> Result<Artifact, AnalyzeError> {
    match opened {
        Opened::Image(image) => analyze_image(image, options),
        Opened::Directory(directory) => analyze_directory(directory, options),
        Opened::File(file) => analyze_file(file, options),
        Opened::Sbom(_) | Opened::Analysis(_) => Err(AnalyzeError::Document),
    }
}

/// Who analyses.
pub(crate) fn analyzer() -> Analyzer {
    Analyzer { name: "stopgate".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}
