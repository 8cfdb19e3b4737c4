//! `cargo xtask bench`: what the release build takes for real images, beside the floor of the same bytes.
//!
//! The floor of an SBOM is inflating the image's layers and hashing them twice with SHA-256 on the same cores
//! in the same run. Results are checked as well as timed: an image without packages, and a control that passes without
//! the data that it needs, fail the bench.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{bench_packs, bench_policy, run};

const RUNS: usize = 3;

/// What to measure, and with what.
struct Words {
    folder: PathBuf,
    /// A release build that is there already.
    binary: Option<PathBuf>,
    /// Only what packs say, and their time.
    only_packs: bool,
}

impl Words {
    fn read(arguments: &[&str]) -> Result<Self> {
        let mut words = Self { folder: run::root().join("bench-images"), binary: None, only_packs: false };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match *argument {
                "--packs" => words.only_packs = true,
                "--binary" => {
                    let path = arguments.next().context("`--binary` needs a path")?;
                    words.binary = Some(std::path::absolute(path)?);
                }
                unknown if unknown.starts_with('-') => bail!("unknown option `{unknown}`"),
                folder => words.folder = std::path::absolute(folder)?,
            }
        }
        Ok(words)
    }
}

/// Measures every `*.tar` of a folder of OCI archives.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let words = Words::read(arguments)?;
    let images = images(&words.folder)?;
    let binary = if let Some(binary) = words.binary {
        binary
    } else {
        run::cargo(&["build", "--release", "--workspace"])?;
        run::built("release")
    };
    // The largest image shows most of what an evaluation takes.
    let size = |path: &&PathBuf| std::fs::metadata(path).map_or(0, |data| data.len());
    let largest = images.iter().max_by_key(size).context("no image")?;
    if !words.only_packs {
        run::say("| image | floor s | cold s | ratio | warm ms | packages |\n|---|---:|---:|---:|---:|---:|");
        for image in &images {
            measure(&binary, image)?;
        }
        bench_policy::measure(&binary, largest)?;
    }
    bench_packs::measure(&binary, &images, largest)
}

fn images(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut images: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| format!("no folder of OCI archives at `{}`; give one", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "tar"))
        .collect();
    images.sort();
    if images.is_empty() {
        bail!("no `*.tar` in `{}`", folder.display());
    }
    Ok(images)
}

fn measure(binary: &Path, image: &Path) -> Result<()> {
    let cache = std::env::temp_dir().join(format!("stopgate-bench-{}", std::process::id()));
    let (mut floors, mut colds) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        floors.push(floor(image)?);
        let _ = std::fs::remove_dir_all(&cache);
        colds.push(sbom(binary, image, &cache)?.0);
    }
    let (warm, packages) = sbom(binary, image, &cache)?;
    let _ = std::fs::remove_dir_all(&cache);
    let (floor, cold) = (median(&mut floors), median(&mut colds));
    let name = image.file_stem().unwrap_or_default().to_string_lossy();
    let ratio = cold.as_secs_f64() / floor.as_secs_f64();
    run::say(&format!(
        "| {name} | {:.2} | {:.2} | {ratio:.2} | {} | {packages} |",
        floor.as_secs_f64(),
        cold.as_secs_f64(),
        warm.as_millis()
    ));
    Ok(())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn sbom(binary: &Path, image: &Path, cache: &Path) -> Result<(Duration, usize)> {
    let source = format!("oci-archive:{}", image.display());
    let mut command = run::command(&binary.to_string_lossy(), &["sbom", &source, "-q", "-o", "syft-json"]);
    let start = Instant::now();
    let output = command.env("STOPGATE_CACHE_DIR", cache).output().context("stopgate cannot be started")?;
    let took = start.elapsed();
    if !output.status.success() {
        bail!("stopgate ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    let document: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let packages = document.get("artifacts").and_then(serde_json::Value::as_array).map_or(0, Vec::len);
    if packages == 0 {
        bail!("no package in `{}`: nothing to measure", image.display());
    }
    Ok((took, packages))
}

/// Inflates every gzip blob of the archive and hashes it twice, on as many threads as there are cores.
fn floor(image: &Path) -> Result<Duration> {
    let bytes = std::fs::read(image)?;
    let blobs = gzip_blobs(&bytes);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(blob) = blobs.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    hash_twice(blob);
                }
            });
        }
    });
    Ok(start.elapsed())
}

fn hash_twice(blob: &[u8]) {
    use sha2::Digest as _;
    let (mut first, mut second) = (sha2::Sha256::new(), sha2::Sha256::new());
    let mut reader = flate2::read::MultiGzDecoder::new(blob);
    let mut buffer = vec![0; 256 << 10];
    while let Ok(count @ 1..) = std::io::Read::read(&mut reader, &mut buffer) {
        let chunk = buffer.get(..count).unwrap_or_default();
        first.update(chunk);
        second.update(chunk);
    }
    std::hint::black_box((first.finalize(), second.finalize()));
}

/// The members of the outer tar archive that are gzip streams.
fn gzip_blobs(archive: &[u8]) -> Vec<&[u8]> {
    let mut blobs = Vec::new();
    let mut rest = archive;
    while let Some((header, body)) = rest.split_at_checked(512) {
        let digits = header.get(124..135).unwrap_or_default();
        let Ok(size) = u64::from_str_radix(String::from_utf8_lossy(digits).trim_matches(['\0', ' ']), 8) else { break };
        let size = size as usize;
        let Some(content) = body.get(..size) else { break };
        if content.starts_with(&[0x1f, 0x8b]) {
            blobs.push(content);
        }
        rest = body.get(size.div_ceil(512) * 512..).unwrap_or_default();
    }
    blobs.sort_by_key(|blob| std::cmp::Reverse(blob.len()));
    blobs
}
