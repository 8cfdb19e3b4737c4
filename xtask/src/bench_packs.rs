//! What every pack says of real images: docs/packs/states.md, with vulnerability data and without, and the time that
//! all packs take. A control that needs the data and passes without it fails the bench.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::run;

const PAGE: &str = "docs/packs/states.md";

/// The prerequisite of controls that need vulnerability data.
const DATA: &str = "VDB";

/// States of controls with the sign that tables have for them.
const STATES: [(&str, char); 8] = [
    ("satisfied", '+'),
    ("satisfied-in-part", '~'),
    ("inherently-met", 'i'),
    ("not-satisfied", '-'),
    ("accepted", 'a'),
    ("not-assessed", '?'),
    ("not-applicable", 'n'),
    ("error", '!'),
];

/// What a control that needs data may be without it.
const UNPASSED: [char; 3] = ['?', '-', '!'];

/// Evaluates every pack on every image, writes the page, and says what the evaluations of the largest image take.
pub(crate) fn measure(binary: &Path, images: &[PathBuf], largest: &Path) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("stopgate-bench-packs-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let bench = Bench { binary, folder };
    let outcome = bench.run(images, largest);
    let _ = std::fs::remove_dir_all(&bench.folder);
    outcome
}

struct Bench<'a> {
    binary: &'a Path,
    folder: PathBuf,
}

/// An image, analysed.
struct Image {
    name: String,
    /// Its analysis document, as a source.
    source: String,
}

/// A pack, or a variant of one.
struct Pack {
    name: String,
    framework: String,
    is_variant: bool,
    /// Ids of its controls with what they need.
    controls: Vec<(String, BTreeSet<String>)>,
}

/// Signs of the controls of a pack, in their order.
type Signs = Vec<char>;

/// What a pack says of an image, with data and without.
struct Told {
    with: Signs,
    without: Signs,
}

impl Bench<'_> {
    fn run(&self, images: &[PathBuf], largest: &Path) -> Result<()> {
        let status: Value = serde_json::from_slice(&self.stopgate(&["db", "status", "-o", "json"], None)?)?;
        let built = text(&status, "built").context("there is no vulnerability data; `stopgate db import` it first")?;
        let images: Vec<Image> = images.iter().map(|image| self.analysed(image)).collect::<Result<_>>()?;
        let packs = self.packs()?;
        let mut told: Vec<Vec<Told>> = Vec::new();
        for pack in &packs {
            told.push(images.iter().map(|image| self.told(pack, image, &built)).collect::<Result<_>>()?);
            run::say(&format!("{} on {} images", pack.name, images.len()));
        }
        let page = run::root().join(PAGE);
        std::fs::create_dir_all(page.parent().unwrap_or(&page))?;
        std::fs::write(&page, page_of(&packs, &images, &told, &built)?)?;
        let faults = faults(&packs, &images, &told);
        if !faults.is_empty() {
            bail!(
                "without vulnerability data these pass, or are not decided, though they need it:\n{}",
                faults.join("\n")
            );
        }
        let name = name_of(largest);
        images.iter().find(|image| image.name == name).map_or(Ok(()), |image| self.times(&packs, image, &built))
    }

    fn analysed(&self, image: &Path) -> Result<Image> {
        let name = name_of(image);
        let path = self.folder.join(format!("{name}.json.zst"));
        let (archive, output) = (format!("oci-archive:{}", image.display()), format!("analysis={}", path.display()));
        self.stopgate(&["sbom", &archive, "-q", "-o", &output], None)?;
        Ok(Image { name, source: format!("analysis:{}", path.display()) })
    }

    fn packs(&self) -> Result<Vec<Pack>> {
        let list: Value = serde_json::from_slice(&self.stopgate(&["pack", "list", "-o", "json"], None)?)?;
        let mut packs = Vec::new();
        for pack in members(&list, "packs") {
            packs.push(self.pack(text(pack, "id"), false)?);
            for variant in members(pack, "variants") {
                packs.push(self.pack(text(variant, "name"), true)?);
            }
        }
        Ok(packs)
    }

    fn pack(&self, name: Option<String>, is_variant: bool) -> Result<Pack> {
        let name = name.context("a pack without a name")?;
        let page: Value = serde_json::from_slice(&self.stopgate(&["pack", "show", &name, "-o", "json"], None)?)?;
        let framework = page.get("framework").context("a pack without a framework")?;
        let framework = ["name", "version"].map(|key| text(framework, key).unwrap_or_default()).join(" ");
        let controls = members(&page, "controls").map(|control| {
            let needs = members(control, "prerequisites").filter_map(Value::as_str).map(str::to_owned).collect();
            Some((text(control, "id")?, needs))
        });
        let controls = controls.collect::<Option<_>>().context("a control without an id")?;
        Ok(Pack { name, framework, is_variant, controls })
    }

    fn told(&self, pack: &Pack, image: &Image, built: &str) -> Result<Told> {
        let empty = self.folder.join("empty-cache");
        let (with, without) = (self.signs(pack, image, built, None)?, self.signs(pack, image, built, Some(&empty))?);
        Ok(Told { with, without })
    }

    /// The states that `stopgate evidence` tells; `cache` is where it looks for data instead of the user's.
    fn signs(&self, pack: &Pack, image: &Image, built: &str, cache: Option<&Path>) -> Result<Signs> {
        let words =
            ["evidence", &image.source, "--pack", &pack.name, "--as-of", built, "--offline", "-q", "-o", "json"];
        let document: Value = serde_json::from_slice(&self.stopgate(&words, cache)?)?;
        let has_data = document.get("data").is_some_and(|data| !data.is_null());
        if has_data == cache.is_some() {
            bail!("`{}` used {} vulnerability data", words.join(" "), if has_data { "some" } else { "no" });
        }
        let told: Option<Vec<(String, char)>> = members(&document, "controls")
            .map(|control| Some((text(control, "id")?, sign(&text(control, "state")?)?)))
            .collect();
        let told = told.context("a control without an id, or with a state that has no sign")?;
        if !told.iter().map(|(id, _)| id).eq(pack.controls.iter().map(|(id, _)| id)) {
            bail!("`{}` tells of other controls than the pack has", words.join(" "));
        }
        Ok(told.into_iter().map(|(_, sign)| sign).collect())
    }

    /// The time of each pack's evaluation, and of those of all packs.
    fn times(&self, packs: &[Pack], image: &Image, built: &str) -> Result<()> {
        run::say(&format!("\n| pack on {} | rules | findings | median ms |\n|---|---:|---:|---:|", image.name));
        let (mut of_packs, mut of_variants) = (0.0, 0.0);
        for pack in packs {
            let words = ["debug", "evaluate", &image.source, "-p", &pack.name, "--as-of", built, "-q", "--runs", "20"];
            let told: Value = serde_json::from_slice(&self.stopgate(&words, None)?)?;
            let number = |key: &str| told.get(key).and_then(Value::as_u64).unwrap_or_default();
            let took = number("median_us") as f64 / 1000.0;
            *(if pack.is_variant { &mut of_variants } else { &mut of_packs }) += took;
            run::say(&format!("| {} | {} | {} | {took:.1} |", pack.name, number("rules"), number("findings")));
        }
        run::say(&format!("| all packs | | | {of_packs:.1} |\n| all variants | | | {of_variants:.1} |"));
        Ok(())
    }

    fn stopgate(&self, words: &[&str], cache: Option<&Path>) -> Result<Vec<u8>> {
        let mut command = run::command(&self.binary.to_string_lossy(), words);
        if let Some(cache) = cache {
            command.env("STOPGATE_CACHE_DIR", cache);
        }
        let output = command.output().context("stopgate cannot be started")?;
        if !output.status.success() {
            bail!("`{}` ended with {}: {}", words.join(" "), output.status, String::from_utf8_lossy(&output.stderr));
        }
        Ok(output.stdout)
    }
}

fn name_of(image: &Path) -> String {
    image.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

fn members<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn sign(state: &str) -> Option<char> {
    STATES.iter().find(|(name, _)| *name == state).map(|(_, sign)| *sign)
}

/// Controls that need data and pass without it.
fn faults(packs: &[Pack], images: &[Image], told: &[Vec<Told>]) -> Vec<String> {
    let mut faults = Vec::new();
    for (pack, of_images) in packs.iter().zip(told) {
        for (image, told) in images.iter().zip(of_images) {
            for ((id, needs), sign) in pack.controls.iter().zip(&told.without) {
                if needs.contains(DATA) && !UNPASSED.contains(sign) {
                    faults.push(format!("  {} {id} on {}: {sign}", pack.name, image.name));
                }
            }
        }
    }
    faults
}

fn page_of(packs: &[Pack], images: &[Image], told: &[Vec<Told>], built: &str) -> Result<String> {
    let names: Vec<&str> = images.iter().map(|image| image.name.as_str()).collect();
    let heads = format!("| {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    let legend: Vec<String> =
        STATES.iter().map(|(name, sign)| format!("`{sign}` {}", name.replace('-', " "))).collect();
    let mut page = format!(
        "<!-- @generated by cargo xtask bench -->\n# States of controls\n\n\
         What each pack says of {} images with its defaults, and how much of that rests on vulnerability data.\n\
         [performance.md](../performance.md) describes the images. No Dockerfile and no other document was given. The data \
         is of\n{built}, and so is the time of the evaluations. Most of what is not assessed is out of sight of any \
         image;\n`stopgate pack show PACK` says why.\n\nSigns: {}.\n",
        images.len(),
        legend.join(", ")
    );
    for (title, about, signs) in [
        ("Counts", "", (|told| &told.with) as fn(&Told) -> &Signs),
        (
            "Counts without vulnerability data",
            "A control that needs the data is then not assessed, unless something else breaks it. A rule about gaps also sees those of the\n\
             data, so a control about completeness can look better without any.\n\n",
            |told| &told.without,
        ),
    ] {
        write!(page, "\n## {title}\n\n{about}| Pack {heads}")?;
        for (pack, of_images) in packs.iter().zip(told) {
            let cells: Vec<String> = of_images.iter().map(|told| counts(signs(told))).collect();
            writeln!(page, "| `{}` | {} |", pack.name, cells.join(" | "))?;
        }
    }
    page.push_str(
        "\n## Controls\n\nControls of which all images tell the same stand in one row. `+→?` means: satisfied with \
         vulnerability data, not\nassessed without.\n",
    );
    for (pack, of_images) in packs.iter().zip(told) {
        write!(page, "\n### {}\n\n{}\n\n| Control {heads}", pack.name, pack.framework)?;
        for (cells, ids) in rows(pack, of_images) {
            writeln!(page, "| {} | {} |", ids.join(", "), cells.join(" | "))?;
        }
    }
    Ok(page)
}

/// `+3 ~8 -7 ?26`.
fn counts(signs: &Signs) -> String {
    let parts = STATES.iter().filter_map(|(_, sign)| {
        let count = signs.iter().filter(|other| *other == sign).count();
        (count > 0).then(|| format!("{sign}{count}"))
    });
    parts.collect::<Vec<_>>().join(" ")
}

/// Controls by what the images tell of them, in the order of the first of each row.
fn rows<'p>(pack: &'p Pack, told: &[Told]) -> Vec<(Vec<String>, Vec<&'p str>)> {
    let mut rows: Vec<(Vec<String>, Vec<&str>)> = Vec::new();
    let mut known: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for (at, (id, _)) in pack.controls.iter().enumerate() {
        let cells: Vec<String> = told
            .iter()
            .map(|told| match (told.with.get(at), told.without.get(at)) {
                (Some(with), Some(without)) if with != without => format!("{with}→{without}"),
                (with, _) => with.map(char::to_string).unwrap_or_default(),
            })
            .collect();
        let row = *known.entry(cells.clone()).or_insert_with(|| {
            rows.push((cells, Vec::new()));
            rows.len() - 1
        });
        if let Some((_, ids)) = rows.get_mut(row) {
            ids.push(id);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::{Image, Pack, Told, counts, faults, page_of};

    fn signs(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    fn told(with: &str, without: &str) -> Vec<Vec<Told>> {
        vec![vec![Told { with: signs(with), without: signs(without) }]]
    }

    fn packs() -> Vec<Pack> {
        let needs = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let controls = [("1", needs(&["VDB"])), ("2", needs(&["FS"])), ("3", needs(&["FS", "VDB"]))];
        let controls = controls.map(|(id, needs)| (id.to_owned(), needs)).to_vec();
        vec![Pack { name: "p".to_owned(), framework: "Frame 1".to_owned(), is_variant: false, controls }]
    }

    fn images() -> Vec<Image> {
        vec![Image { name: "mix".to_owned(), source: String::new() }]
    }

    #[test]
    fn a_control_that_needs_data_must_not_pass_without() {
        assert!(faults(&packs(), &images(), &told("+++", "?+-")).is_empty());
        for passed in ["++?", "~+?", "i+?", "a+?", "n+?"] {
            assert_eq!(faults(&packs(), &images(), &told("+++", passed)).len(), 1, "{passed}");
        }
    }

    #[test]
    fn the_page_has_counts_and_rows_of_equal_controls() {
        let page = page_of(&packs(), &images(), &told("+-+", "?-?"), "2026-01-01").unwrap();
        assert!(page.contains("| `p` | +2 -1 |") && page.contains("| `p` | -1 ?2 |"), "{page}");
        assert!(page.contains("| 1, 3 | +→? |\n| 2 | - |\n"), "{page}");
        assert_eq!(counts(&signs("?~?")), "~1 ?2");
    }
}
