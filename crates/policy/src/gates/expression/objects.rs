//! What an expression sees of an artifact: borrowed views, whose fields are made when they are asked for.
//!
//! A list or text that is longer than declared is not shortened in silence: the view remembers it, and the run fails.

use std::sync::OnceLock;

use cel::ExecutionError;
use cel::common::traits::Indexer;
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelString, Type};
use cel::common::value::{CowVal, Val};
use stopgate_model::limits::{EXPRESSION_ARTIFACT_LIST, EXPRESSION_LIST, EXPRESSION_PACKAGES, EXPRESSION_TEXT_BYTES};
use stopgate_model::{
    Digest, Distro, Dockerfile, DockerfileMode, FileEntry, ImageConfig, ImageReference, ImageSource, Instruction,
    Package,
};

use super::fields::{self, Object};
use crate::engine::MatchView;

/// What a view is of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of<'a> {
    Image(&'a ImageSource, &'a ImageReference),
    Config(&'a ImageConfig),
    Distro(Option<&'a Distro>),
    Dockerfile(&'a Dockerfile),
    Instruction(&'a Instruction),
    Package(&'a Package),
    Vulnerability(&'a MatchView<'a>),
    File(FileEntry<'a>),
}

/// A view, and the first field of the run that was too long.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) of: Of<'a>,
    pub(super) cut: &'a OnceLock<String>,
}

type Value<'a> = Box<dyn Val + 'a>;

static OBJECT: Type = Type::new_unspecified_type("object");

impl Val for View<'_> {
    fn get_type(&self) -> &Type {
        &OBJECT
    }
    fn cel_type() -> &'static Type {
        &OBJECT
    }
    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }
    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(*self)
    }
}

impl Indexer for View<'_> {
    fn get<'b, 'v>(&'b self, name: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let name = name.downcast_ref::<CelString<'_>>().map_or("", |name| name.inner());
        self.field(name).map(CowVal::Owned).ok_or_else(|| ExecutionError::no_such_key(name))
    }
    fn steal<'v>(self: Box<Self>, name: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(name).map(CowVal::into_owned)
    }
}

impl<'a> View<'a> {
    /// The documented fields.
    pub(super) const fn object(&self) -> &'static Object {
        match self.of {
            Of::Image(..) => &fields::IMAGE,
            Of::Config(_) => &fields::CONFIG,
            Of::Distro(_) => &fields::DISTRO,
            Of::Dockerfile(_) => &fields::DOCKERFILE,
            Of::Instruction(_) => &fields::INSTRUCTION,
            Of::Package(_) => &fields::PACKAGE,
            Of::Vulnerability(_) => &fields::VULNERABILITY,
            Of::File(_) => &fields::FILE,
        }
    }

    /// A field; `None` when there is none of this name.
    pub(super) fn field(&self, name: &str) -> Option<Value<'a>> {
        let make = Make { object: self.object().name, field: name, cut: self.cut };
        match self.of {
            Of::Image(image, reference) => make.of_image(image, reference),
            Of::Config(config) => make.of_config(config),
            Of::Distro(distro) => make.of_distro(distro),
            Of::Dockerfile(dockerfile) => make.of_dockerfile(dockerfile),
            Of::Instruction(instruction) => make.of_instruction(instruction),
            Of::Package(package) => make.of_package(package),
            Of::Vulnerability(view) => make.of_vulnerability(view),
            Of::File(entry) => make.of_file(&entry),
        }
    }
}

/// Makes the value of one field.
struct Make<'n, 'a> {
    object: &'static str,
    field: &'n str,
    cut: &'a OnceLock<String>,
}

impl<'a> Make<'_, 'a> {
    fn of_image(&self, image: &'a ImageSource, reference: &'a ImageReference) -> Option<Value<'a>> {
        Some(match self.field {
            "registry" => self.text(&reference.registry),
            "repository" => self.text(&reference.repository),
            "tag" => self.text(reference.tag.as_deref().unwrap_or("")),
            "name" => self.owned(reference.full_tag()),
            "digest" => self.owned(image.manifest_digest.to_string()),
            "id" => self.owned(image.image_id.to_string()),
            "size" => number(image.size),
            "layers" => number(image.layers.len() as u64),
            "architecture" => self.text(&image.architecture),
            "variant" => self.text(&image.variant),
            "os" => self.text(&image.os),
            "annotations" => self.map(&image.annotations),
            "annotation_names" => self.names(&image.annotations),
            _ => return None,
        })
    }

    fn of_config(&self, config: &'a ImageConfig) -> Option<Value<'a>> {
        let list = |texts: &'a [String]| self.texts(texts.iter().map(String::as_str), EXPRESSION_ARTIFACT_LIST);
        Some(match self.field {
            "user" => self.text(&config.user),
            "env" => list(&config.env),
            "ports" => list(&config.exposed_ports),
            "entrypoint" => list(&config.entrypoint),
            "cmd" => list(&config.cmd),
            "working_dir" => self.text(&config.working_dir),
            "labels" => self.map(&config.labels),
            "label_names" => self.names(&config.labels),
            "volumes" => list(&config.volumes),
            "healthcheck" => list(config.healthcheck.as_ref().map(|check| check.test.as_slice()).unwrap_or_default()),
            "stop_signal" => self.text(&config.stop_signal),
            "created" => self.text(&config.created),
            "author" => self.text(&config.author),
            _ => return None,
        })
    }

    fn of_distro(&self, distro: Option<&'a Distro>) -> Option<Value<'a>> {
        Some(match self.field {
            "id" => self.text(distro.map_or("", |distro| &distro.id)),
            "version" => self.text(distro.map_or("", |distro| &distro.version_id)),
            "name" => self.text(distro.map_or("", |distro| &distro.name)),
            "id_like" => {
                let like = distro.map(|distro| distro.id_like.as_slice()).unwrap_or_default();
                self.texts(like.iter().map(String::as_str), EXPRESSION_LIST)
            }
            _ => return None,
        })
    }

    fn of_dockerfile(&self, dockerfile: &'a Dockerfile) -> Option<Value<'a>> {
        Some(match self.field {
            "actual" => truth(dockerfile.mode == DockerfileMode::Actual),
            "instructions" => {
                let view = |instruction| View { of: Of::Instruction(instruction), cut: self.cut };
                let views = dockerfile.instructions.iter().map(|instruction| boxed(view(instruction)));
                self.list(views.collect(), EXPRESSION_ARTIFACT_LIST)
            }
            _ => return None,
        })
    }

    fn of_instruction(&self, instruction: &'a Instruction) -> Option<Value<'a>> {
        Some(match self.field {
            "keyword" => self.text(&instruction.keyword),
            "arguments" => self.text(&instruction.arguments),
            "line" => number(instruction.line.into()),
            "stage" => number(instruction.stage.into()),
            _ => return None,
        })
    }

    fn of_package(&self, package: &'a Package) -> Option<Value<'a>> {
        Some(match self.field {
            "name" => self.text(&package.name),
            "version" => self.text(&package.version),
            "type" => self.owned(package.package_type.id().to_owned()),
            "os" => truth(package.package_type.is_os()),
            "purl" => self.text(&package.purl),
            "arch" => self.text(package.arch.as_deref().unwrap_or("")),
            "path" => self.text(package.primary_location().map_or("", |location| &location.path)),
            "licenses" => self.texts(
                package.licenses.iter().map(|one| if one.spdx.is_empty() { one.value.as_str() } else { &one.spdx }),
                EXPRESSION_LIST,
            ),
            "upstreams" => self.texts(package.upstreams.iter().map(|one| one.name.as_str()), EXPRESSION_LIST),
            "found_by" => self.text(&package.found_by),
            _ => return None,
        })
    }

    fn of_vulnerability(&self, view: &'a MatchView<'a>) -> Option<Value<'a>> {
        let (record, fix) = (&view.matched.vulnerability, &view.matched.fix);
        let list = |texts: &'a [String]| self.texts(texts.iter().map(String::as_str), EXPRESSION_LIST);
        Some(match self.field {
            "id" => self.text(view.id()),
            "cve" => self.text(view.cve()),
            "aliases" => list(&record.aliases),
            "severity" => self.owned(record.severity.name().to_lowercase()),
            "cvss" => fraction(view.nvd.base.max(view.vendor.base)),
            "cvss_v4" => fraction(view.cvss_v4),
            "epss" => fraction(view.epss_score),
            "epss_percentile" => fraction(view.epss_percentile),
            "known_exploited" => truth(!record.kev.is_empty()),
            "fix_state" => self.text(fix.state.name()),
            "fixed_in" => list(&fix.versions),
            "namespace" => self.text(&record.namespace),
            "published" => self.text(&record.published),
            "cwes" => list(&record.cwes),
            _ => return None,
        })
    }

    fn of_file(&self, entry: &FileEntry<'a>) -> Option<Value<'a>> {
        Some(match self.field {
            "path" => self.text(entry.path),
            "kind" => self.text(entry.kind.name()),
            "mode" => number(entry.mode.into()),
            "setuid" => truth(entry.mode & 0o4000 != 0),
            "setgid" => truth(entry.mode & 0o2000 != 0),
            "world_writable" => truth(entry.mode & 0o002 != 0),
            "uid" => number(entry.uid.into()),
            "gid" => number(entry.gid.into()),
            "size" => number(entry.size),
            "sha256" => self.owned(entry.sha256.map_or(String::new(), |hash| Digest::sha256(hash).hex().to_owned())),
            "link" => self.text(entry.link.unwrap_or("")),
            "layer" => number(entry.layer.into()),
            _ => return None,
        })
    }

    fn too_long(&self, what: &str) {
        let _ = self.cut.set(format!("{what} `{}.{}`", self.object, self.field));
    }

    fn text(&self, text: &'a str) -> Value<'a> {
        if text.len() as u64 > EXPRESSION_TEXT_BYTES {
            self.too_long("the text");
            return boxed(CelString::from(""));
        }
        boxed(CelString::from(text))
    }

    fn owned(&self, text: String) -> Value<'a> {
        if text.len() as u64 > EXPRESSION_TEXT_BYTES {
            self.too_long("the text");
            return boxed(CelString::from(""));
        }
        boxed(CelString::from(text))
    }

    fn texts(&self, texts: impl Iterator<Item = &'a str>, most: u64) -> Value<'a> {
        // One more is enough to know that there are too many.
        let texts: Vec<Value<'a>> = texts.take(most as usize + 1).map(|text| self.text(text)).collect();
        self.list(texts, most)
    }

    fn names(&self, pairs: &'a [(String, String)]) -> Value<'a> {
        self.texts(pairs.iter().map(|(name, _)| name.as_str()), EXPRESSION_ARTIFACT_LIST)
    }

    fn list(&self, mut values: Vec<Value<'a>>, most: u64) -> Value<'a> {
        if values.len() as u64 > most {
            self.too_long("the list");
            values.truncate(most as usize);
        }
        boxed(CelList::from(values))
    }

    fn map(&self, pairs: &'a [(String, String)]) -> Value<'a> {
        if pairs.len() as u64 > EXPRESSION_ARTIFACT_LIST {
            self.too_long("the map");
        }
        let pairs = pairs.iter().take(EXPRESSION_ARTIFACT_LIST as usize);
        let map: std::collections::HashMap<CelMapKey<'a>, Value<'a>> =
            pairs.map(|(name, value)| (CelMapKey::from(name.as_str()), self.text(value))).collect();
        boxed(CelMap::from(map))
    }
}

fn boxed<'a, T: Val + 'a>(value: T) -> Value<'a> {
    Box::new(value)
}

fn truth<'a>(value: bool) -> Value<'a> {
    boxed(CelBool::from(value))
}

fn number<'a>(value: u64) -> Value<'a> {
    boxed(CelInt::from(i64::try_from(value).unwrap_or(i64::MAX)))
}

fn fraction<'a>(value: f64) -> Value<'a> {
    boxed(CelDouble::from(value))
}

/// The list `packages`.
pub(super) fn packages<'a>(packages: &'a [Package], cut: &'a OnceLock<String>) -> CelList<'a> {
    if packages.len() as u64 > EXPRESSION_PACKAGES {
        let _ = cut.set("the list `packages`".to_owned());
    }
    let packages = packages.iter().take(EXPRESSION_PACKAGES as usize);
    CelList::from(packages.map(|package| boxed(View { of: Of::Package(package), cut })).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use stopgate_model::{DockerfileMode, FileEntry, FileKind, PackageType, Severity};

    use super::{Of, View};
    use crate::engine::{EvalContext, Scene};
    use crate::gates::expression::fields::Type;
    use crate::tests::{engine, image};

    /// The table of fields is what policies are checked with, the views are what they see: they must not part.
    #[test]
    fn every_documented_field_has_a_value_of_its_type() {
        let case = image()
            .package(PackageType::DEB, "openssl", "3", "/status")
            .vuln("CVE-1", Severity::Low, |_| {})
            .dockerfile(DockerfileMode::Actual, &["FROM x"]);
        let mut context = EvalContext::new(&case.artifact, &case.tag, case.now, engine());
        context.matches = case.report.as_ref();
        let scene = Scene::new(&context);
        let artifact = &case.artifact;
        let dockerfile = artifact.dockerfile.as_ref().unwrap();
        let file = FileEntry {
            path: "/x",
            kind: FileKind::Regular,
            mode: 0o644,
            uid: 0,
            gid: 0,
            size: 1,
            sha256: None,
            link: None,
            layer: 0,
        };
        let cut = OnceLock::new();
        for of in [
            Of::Image(artifact.source.image().unwrap(), &case.tag),
            Of::Config(artifact.config.as_ref().unwrap()),
            Of::Distro(artifact.distro.as_ref()),
            Of::Distro(None),
            Of::Dockerfile(dockerfile),
            Of::Instruction(&dockerfile.instructions[0]),
            Of::Package(&artifact.packages[0]),
            Of::Vulnerability(&scene.matches()[0]),
            Of::File(file),
        ] {
            let view = View { of, cut: &cut };
            for field in view.object().fields {
                let value = view.field(field.name).unwrap_or_else(|| panic!("{}.{}", view.object().name, field.name));
                let expected: &[&str] = match field.kind {
                    Type::Bool => &["bool"],
                    Type::Number => &["int", "double"],
                    Type::Text => &["string"],
                    Type::Map => &["map"],
                    Type::List(..) => &["list"],
                    Type::Object(_) | Type::Unknown => &[],
                };
                assert!(expected.contains(&value.get_type().name()), "{}.{}", view.object().name, field.name);
                assert!(field.about.ends_with(['.', '…']), "{}", field.name);
            }
            assert!(view.field("none").is_none());
        }
        assert_eq!(cut.get(), None);
    }
}
