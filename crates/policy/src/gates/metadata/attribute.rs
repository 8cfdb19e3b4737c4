//! `metadata` / `attribute`: an attribute of the image meets a condition.

use std::cmp::Ordering;

use stopgate_model::Evidence;

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::{ParamError, params, words};
use crate::trigger::types::ValueText;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Attribute;

params! {
    #[check = check_value]
    pub(crate) struct AttributeParams {
        /// The attribute to check.
        #[example = "size"]
        attribute: Name,
        /// How it must compare with `value`.
        #[example = ">"]
        check: Check,
        /// The value to compare with; a size may have a unit (`10mb`), a power of 1024.
        #[example = "1073741824"]
        value: Option<ValueText>,
    }
}

words! {
    /// Attributes of an image.
    pub(crate) enum Name {
        Size = "size",
        Architecture = "architecture",
        OsType = "os_type",
        Distro = "distro",
        DistroVersion = "distro_version",
        LikeDistro = "like_distro",
        LayerCount = "layer_count",
    }
}

words! {
    /// How to check an attribute.
    pub(crate) enum Check {
        Equal = "=",
        NotEqual = "!=",
        Greater = ">",
        Less = "<",
        AtLeast = ">=",
        AtMost = "<=",
        Exists = "exists",
        NotExists = "not_exists",
        Like = "like",
        NotLike = "not_like",
        In = "in",
        NotIn = "not_in",
    }
}

fn check_value(params: &AttributeParams, errors: &mut Vec<ParamError>) {
    let Some(value) = &params.value else { return };
    let (wrong, expected) = match params.attribute {
        Name::Size => (bytes(value.as_str()).is_none(), "a size such as `10mb`"),
        Name::LayerCount => (value.as_str().trim().parse::<u64>().is_err(), "a whole number"),
        _ => return,
    };
    if wrong {
        let (given, name) = (value.as_str(), params.attribute.word());
        let message =
            format!("parameter `value` does not accept `{given}` for attribute `{name}`: expected {expected}");
        errors.push(ParamError::across(message));
    }
}

/// Bytes of `10`, `10b`, `10k`, `10mb` …
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit {
        "" => 0,
        "k" | "kb" => 10,
        "m" | "mb" => 20,
        "g" | "gb" => 30,
        "t" | "tb" => 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

impl Trigger for Attribute {
    type Params = AttributeParams;
    const INFO: TriggerInfo =
        TriggerInfo::new("metadata", "attribute", "An attribute of the image meets the condition.");

    fn needs(params: &AttributeParams) -> Vec<Need> {
        match params.attribute {
            Name::Distro | Name::DistroVersion | Name::LikeDistro => vec![Need::Distro],
            _ => Vec::new(),
        }
    }

    fn faults(params: &AttributeParams) -> Vec<String> {
        let is_regex = matches!(params.check, Check::Like | Check::NotLike);
        let value = params.value.as_ref().filter(|_| is_regex);
        value.and_then(|value| value.regex().err()).map(|fault| fault.0).into_iter().collect()
    }
}

impl ImageTrigger for Attribute {
    fn fire(params: &AttributeParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let actual = params.attribute.of(scene);
        if !params.holds(actual.as_deref())? {
            return Ok(());
        }
        let (name, op) = (params.attribute.word(), params.check.word());
        let given = params.frozen_value();
        let seen = actual.as_deref().unwrap_or("None");
        let frozen = format!(
            "Attribute check for attribute: '{name}' check: '{op}' check_value: '{given}' matched image value: '{seen}'"
        );
        let shown = actual.clone().unwrap_or_else(|| "none".to_owned());
        let wanted = params.value.as_ref().map_or("", ValueText::as_str);
        let message = format!("the image's {name} is {shown}, which meets `{op} {wanted}`");
        hits.push(
            Hit::frozen(
                &Self::INFO,
                &frozen,
                message.replace(" `exists `", " `exists`").replace("_exists `", "_exists`"),
            )
            .about(name)
            .evidence(Evidence::Config { field: name.to_owned(), value: actual.unwrap_or_default() })
            .because(format!("{name} {op} {wanted}").trim_end(), shown),
        )
    }
}

impl Name {
    /// The value; `None` when the image has none.
    fn of(self, scene: &Scene<'_>) -> Option<String> {
        let artifact = scene.artifact();
        let image = artifact.source.image();
        let distro = artifact.distro.as_ref();
        let config = artifact.config.as_ref();
        let text = match self {
            Self::Size => image?.size.to_string(),
            Self::LayerCount => image?.layers.len().to_string(),
            Self::Architecture => {
                image.map(|image| &image.architecture).or(config.map(|config| &config.architecture))?.clone()
            }
            Self::OsType => image.map(|image| &image.os).or(config.map(|config| &config.os))?.clone(),
            Self::Distro => distro?.id.clone(),
            Self::DistroVersion => distro?.version_id.clone(),
            Self::LikeDistro => distro?.id_like.join(","),
        };
        (!text.is_empty()).then_some(text)
    }
}

impl AttributeParams {
    /// COMPAT: a size stands in bytes, and no value as Python's `None`.
    fn frozen_value(&self) -> String {
        match (&self.value, self.attribute) {
            (None, _) => "None".to_owned(),
            (Some(value), Name::Size) => bytes(value.as_str()).map_or(String::new(), |bytes| bytes.to_string()),
            (Some(value), _) => value.as_str().to_owned(),
        }
    }

    fn holds(&self, actual: Option<&str>) -> Result<bool, Fault> {
        match self.check {
            Check::Exists => return Ok(actual.is_some()),
            Check::NotExists => return Ok(actual.is_none()),
            _ => {}
        }
        // What the image does not have compares with nothing.
        let (Some(actual), Some(value)) = (actual, &self.value) else { return Ok(false) };
        let is_in = || value.as_str().split(',').any(|item| item.trim() == actual);
        Ok(match self.check {
            Check::Like => value.regex()?.matches(actual)?,
            Check::NotLike => !value.regex()?.matches(actual)?,
            Check::In => is_in(),
            Check::NotIn => !is_in(),
            Check::Equal => self.order(actual, value.as_str()).is_eq(),
            Check::NotEqual => self.order(actual, value.as_str()).is_ne(),
            Check::Greater => self.order(actual, value.as_str()).is_gt(),
            Check::Less => self.order(actual, value.as_str()).is_lt(),
            Check::AtLeast => self.order(actual, value.as_str()).is_ge(),
            Check::AtMost => self.order(actual, value.as_str()).is_le(),
            Check::Exists | Check::NotExists => false,
        })
    }

    fn order(&self, actual: &str, given: &str) -> Ordering {
        let number = |text: &str| if self.attribute == Name::Size { bytes(text) } else { text.trim().parse().ok() };
        match self.attribute {
            Name::Size | Name::LayerCount => number(actual).cmp(&number(given)),
            Name::DistroVersion => match (segments(actual), segments(given)) {
                (Some(left), Some(right)) => left.cmp(&right),
                _ => actual.cmp(given),
            },
            _ => actual.cmp(given),
        }
    }
}

/// `12.04` as numbers, trailing zeros left out.
fn segments(version: &str) -> Option<Vec<u64>> {
    let mut parts: Vec<u64> = version.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
    while parts.last() == Some(&0) {
        parts.pop();
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Gap, GapCode};

    use super::{bytes, segments};
    use crate::tests::{check, folder, image, refused};

    fn metadata(rest: &str) -> Vec<String> {
        check(&image(), &format!("stop metadata.attribute {rest}"))
    }

    #[test]
    fn fires() {
        assert_eq!(metadata("attribute=distro; check=in; value=alpine, debian").len(), 2);
        assert_eq!(
            metadata("attribute=like_distro; check=not_exists")[0],
            "stop the image's like_distro is none, which meets `not_exists`"
        );
        assert_eq!(metadata("attribute=layer_count; check=exists").len(), 2);
        assert_eq!(metadata("attribute=architecture; check=like; value=amd").len(), 2);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(metadata("attribute=os_type; check=!=; value=linux"), ["pass"]);
        assert_eq!(metadata("attribute=distro; check=in"), ["pass"], "an operator without its value");
        let nothing = "what is not there compares with nothing";
        assert_eq!(metadata("attribute=like_distro; check=like; value=.*"), ["pass"], "{nothing}");
        assert_eq!(metadata("attribute=like_distro; check=!=; value=x"), ["pass"], "{nothing}");
    }

    #[test]
    fn boundary() {
        assert_eq!(metadata("attribute=size; check=>; value=1mb"), ["pass"]);
        assert_eq!(
            metadata("attribute=size; check=>=; value=1mb")[0],
            "stop the image's size is 1048576, which meets `>= 1mb`"
        );
        assert_eq!(metadata("attribute=distro_version; check=>; value=9").len(), 2, "versions are no texts");
        let errors = refused("stop metadata.attribute attribute=size; check=>; value=1xb");
        assert!(errors[0].ends_with("expected a size such as `10mb`"), "{errors:?}");
    }

    #[test]
    fn data_missing() {
        let unknown = image().with(|artifact| {
            artifact.distro = None;
            artifact.gaps.push(Gap::new(GapCode::DistroUnknown, "os-release could not be read"));
        });
        let rule = "stop metadata.attribute attribute=distro; check=in; value=debian";
        assert_eq!(check(&unknown, rule)[1], "undecided", "one that could not be told is not a clean one");
        assert_eq!(check(&folder(), rule).last().unwrap(), "undecided", "no source mapping");
    }

    #[test]
    fn sizes_have_units_of_1024() {
        assert_eq!((bytes("10"), bytes("1KB"), bytes("2g")), (Some(10), Some(1024), Some(2 << 30)));
        assert_eq!((bytes("x"), bytes("1xb"), bytes("99999999tb"), bytes("")), (None, None, None, None));
        assert!(segments("9").unwrap() < segments("12.4").unwrap());
        assert_eq!(segments("12"), segments("12.0"));
    }
}
