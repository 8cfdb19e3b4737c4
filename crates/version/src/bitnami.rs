//! Bitnami components: semantic numbers; pre-release and package revision (`-3`) say nothing about the code.

use crate::semver::{Reading, Semver};

pub(crate) fn parse(text: &str) -> Result<Semver, &'static str> {
    let mut version = Semver::parse(text, Reading::Lenient)?;
    version.pre = "".into();
    Ok(version)
}
