//! From a name to a policy: a pack that is rendered, or a file with its side-car.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use stopgate_model::{PolicyIdentity, limits};
use stopgate_packs::{Flavour, RenderOptions, RenderedPack, Selected};
use stopgate_policy::{Change, Extension, LenientDocument, ParseOptions, ParsedPolicy, Policy, PolicyError};

use crate::arguments::{PolicyArguments, PolicyFile};
use crate::failure::Failure;
use crate::packs;
use crate::sources;

/// A policy, and the pack that it was rendered from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) policy: Policy,
    pub(crate) identity: PolicyIdentity,
    pub(crate) pack: Option<RenderedPack>,
    /// What is accepted and may not be meant.
    pub(crate) warnings: Vec<PolicyError>,
    /// What was changed to make a v2 document of it.
    pub(crate) converted: Vec<Change>,
    /// The document as it was read.
    pub(crate) document: Vec<u8>,
    /// The side-car's file and its bytes.
    pub(crate) side_car: Option<(String, Vec<u8>)>,
}

/// A policy that is not valid, with every error.
#[derive(Debug)]
pub(crate) struct Invalid {
    pub(crate) name: String,
    pub(crate) errors: Vec<PolicyError>,
}

/// Where a policy comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    /// Pack or file.
    pub(crate) name: String,
    /// Side-car, when it is not beside the file.
    pub(crate) ext: Option<PathBuf>,
    /// Values of parameters.
    pub(crate) values: BTreeMap<String, String>,
    /// Whether what is accepted with a warning otherwise is refused.
    pub(crate) strict: bool,
    /// Whether what is no policy is made one.
    pub(crate) lenient: bool,
}

impl Origin {
    /// From the options of a command that decides.
    pub(crate) fn of(arguments: &PolicyArguments) -> Result<Self, Failure> {
        let mut values = match &arguments.params {
            Some(path) => values_of_file(path)?,
            None => BTreeMap::new(),
        };
        values.extend(values_of_options(&arguments.param)?);
        Ok(Self { name: arguments.policy.clone(), ext: arguments.ext.clone(), values, ..Self::default() })
    }

    /// From the arguments of a command about a policy.
    pub(crate) fn of_file(file: &PolicyFile) -> Result<Self, Failure> {
        let values = values_of_options(&file.param)?;
        Ok(Self { name: file.file.clone(), ext: file.ext.clone(), values, ..Self::default() })
    }

    /// From a name, a side-car and options.
    pub(crate) fn of_parts(name: &str, ext: Option<&Path>, options: &[String]) -> Result<Self, Failure> {
        let values = values_of_options(options)?;
        Ok(Self { name: name.to_owned(), ext: ext.map(Path::to_owned), values, ..Self::default() })
    }

    /// A pack or file with nothing beside it.
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Loads it; the inner error has what is wrong with the documents.
    pub(crate) fn load(&self) -> Result<Result<Loaded, Invalid>, Failure> {
        match packs::find(&self.name)? {
            Some(pack) => self.load_pack(&pack),
            None => self.load_file(),
        }
    }

    /// Loads a policy that must be valid.
    pub(crate) fn load_valid(&self) -> Result<Loaded, Failure> {
        self.load()?.map_err(|invalid| invalid.failure())
    }

    fn load_pack(&self, pack: &Selected) -> Result<Result<Loaded, Invalid>, Failure> {
        let (given, side_car) = match self.side_car(None)? {
            Ok(Some((extension, file))) => (Some(extension), Some(file)),
            Ok(None) => (None, None),
            Err(invalid) => return Ok(Err(invalid)),
        };
        let of_side_car = |name: &str| {
            given.as_ref().is_some_and(|extension| extension.parameters.iter().any(|known| known.name == name))
        };
        let (own, site): (BTreeMap<_, _>, BTreeMap<_, _>) =
            self.values.clone().into_iter().partition(|(name, _)| of_side_car(name));
        let options = RenderOptions { values: site, ..RenderOptions::new(Flavour::Extended) };
        let rendered = stopgate_packs::render(pack, &options).map_err(|error| packs::failure(&error))?;
        let id = rendered.policy.get("id").and_then(Value::as_str).unwrap_or_default();
        let extension = given.unwrap_or_else(|| Extension::empty(id)).with_controls(rendered.controls_by_rule());
        let document = rendered.policy.to_string().into_bytes();
        let parsed = stopgate_policy::parse_extended(&document, extension, &own, self.options());
        let title = rendered.title.clone();
        let finished = self.finish(parsed, document, title, Some(rendered));
        Ok(finished.map(|loaded| Loaded { side_car, ..loaded }))
    }

    fn load_file(&self) -> Result<Result<Loaded, Invalid>, Failure> {
        let LenientDocument { document, changes } = match self.document()? {
            Ok(read) => read,
            Err(error) => return Ok(Err(Invalid { name: self.name.clone(), errors: vec![error] })),
        };
        let (extension, side_car) = match self.side_car(Some(Path::new(&self.name)))? {
            Ok(Some((extension, file))) => (Some(extension), Some(file)),
            Ok(None) => (None, None),
            Err(invalid) => return Ok(Err(invalid)),
        };
        let parsed = match extension {
            Some(extension) => stopgate_policy::parse_extended(&document, extension, &self.values, self.options()),
            None if !self.values.is_empty() => {
                let names: Vec<&str> = self.values.keys().map(String::as_str).collect();
                return Err(Failure::new(format!(
                    "the policy `{}` has no side-car, so it has no parameter `{}`",
                    self.name,
                    names.join("`, `")
                ))
                .help("declare parameters in NAME.ext.json beside the policy, or name the side-car with `--ext`"));
            }
            None => stopgate_policy::parse(&document, self.options()),
        };
        let finished = self.finish(parsed, document, self.name.clone(), None);
        Ok(finished.map(|loaded| Loaded { side_car, converted: [changes, loaded.converted].concat(), ..loaded }))
    }

    /// The document of a file, with what was changed in it before it was read.
    fn document(&self) -> Result<Result<LenientDocument, PolicyError>, Failure> {
        let document = read_policy(&self.name)?;
        let strict = |document| Ok(LenientDocument { document, changes: Vec::new() });
        Ok(if self.lenient { stopgate_policy::lenient(&document) } else { strict(document) })
    }

    const fn options(&self) -> ParseOptions {
        ParseOptions { strict: self.strict }
    }

    fn finish(
        &self,
        parsed: Result<ParsedPolicy, Vec<PolicyError>>,
        document: Vec<u8>,
        origin: String,
        pack: Option<RenderedPack>,
    ) -> Result<Loaded, Invalid> {
        let ParsedPolicy { policy, warnings, converted } =
            parsed.map_err(|errors| Invalid { name: self.name.clone(), errors })?;
        let identity = PolicyIdentity {
            id: policy.id.clone(),
            name: policy.name.clone(),
            digest: policy.digest().clone(),
            origin,
        };
        Ok(Loaded { policy, identity, pack, warnings, converted, document, side_car: None })
    }

    /// The side-car that is named, else the one beside the policy.
    fn side_car(&self, policy: Option<&Path>) -> Result<Result<Option<SideCar>, Invalid>, Failure> {
        let path = match (&self.ext, policy) {
            (Some(path), _) => Some(path.clone()),
            (None, Some(policy)) => beside(policy)?,
            (None, None) => None,
        };
        let Some(path) = path else { return Ok(Ok(None)) };
        let document = sources::read_file(&path, limits::POLICY_BYTES)?;
        let name = path.display().to_string();
        Ok(match stopgate_policy::parse_extension(&document) {
            Ok(extension) => Ok(Some((extension, (name, document)))),
            Err(errors) => Err(Invalid { name, errors }),
        })
    }
}

/// A side-car with the file that it was read from.
type SideCar = (Extension, (String, Vec<u8>));

/// The one side-car `NAME.ext.json`, `.yaml` or `.yml` beside `NAME.json`.
fn beside(policy: &Path) -> Result<Option<PathBuf>, Failure> {
    let found: Vec<PathBuf> = ["ext.json", "ext.yaml", "ext.yml"]
        .iter()
        .map(|extension| policy.with_extension(extension))
        .filter(|path| path != policy && path.is_file())
        .collect();
    match found.as_slice() {
        [] => Ok(None),
        [path] => Ok(Some(path.clone())),
        [first, second, ..] => Err(Failure::new(format!(
            "the policy has two side-cars, `{}` and `{}`: expected one",
            first.display(),
            second.display()
        ))
        .help("name one with `--ext`")),
    }
}

pub(crate) fn values_of_options(options: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    options
        .iter()
        .map(|option| match option.split_once('=') {
            Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
            None => Err(Failure::new(format!("`--param {option}` has no value: expected KEY=VALUE"))),
        })
        .collect()
}

fn values_of_file(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let bytes = sources::read_file(path, limits::CONFIG_BYTES)?;
    stopgate_policy::parse_values(&bytes)
        .map_err(|error| Failure::new(format!("the parameters in `{}` cannot be read: {error}", path.display())))
}

fn read_policy(name: &str) -> Result<Vec<u8>, Failure> {
    let path = Path::new(name);
    if !path.exists() {
        return Err(packs::unknown(name, "there is no policy", "a file, or one of the packs")?);
    }
    sources::read_file(path, limits::POLICY_BYTES)
}

/// Errors of a policy that are named one by one.
const SHOWN_ERRORS: usize = 50;

impl Invalid {
    /// As one failure that names the errors.
    pub(crate) fn failure(&self) -> Failure {
        let count = self.errors.len();
        let plural = if count == 1 { "" } else { "s" };
        let mut failure = Failure::new(format!("the policy `{}` is not valid: {count} error{plural}", self.name));
        for error in self.errors.iter().take(SHOWN_ERRORS) {
            failure = failure.help(match &error.help {
                Some(help) => format!("{error} ({help})"),
                None => error.to_string(),
            });
        }
        if count > SHOWN_ERRORS {
            failure = failure.help(format!("and {} more", count - SHOWN_ERRORS));
        }
        failure
    }
}
