//! `stopgate policy convert`: a policy as a v2 document; what was changed or left out goes to standard error.

use std::io;

use serde_json::Value;

use super::FOUND;
use crate::arguments::PolicyFile;
use crate::decision::Origin;
use crate::failure::{Failure, printable, say};
use crate::output::{wanted, write_all};

#[derive(Debug, Clone, Copy)]
enum Format {
    Json,
    Yaml,
}

const FORMATS: &[(&str, Format)] = &[("json", Format::Json), ("yaml", Format::Yaml)];

pub(super) fn run(file: &PolicyFile, lenient: bool, to: Option<&str>, output: &[String]) -> Result<u8, Failure> {
    let outputs = wanted(output, FORMATS, Format::Json)?;
    let loaded = match (Origin { lenient, ..Origin::of_file(file)? }).load()? {
        Ok(loaded) => loaded,
        Err(invalid) => {
            invalid.failure().say();
            return Ok(FOUND);
        }
    };
    for change in &loaded.converted {
        say(&format!("changed `{}`: {}", printable(&change.pointer), printable(&change.text)));
    }
    let document = match to {
        None => loaded.policy.to_value(),
        Some("anchore") => {
            let made = stopgate_policy::for_anchore(&loaded.policy);
            for what in &made.left_out {
                say(&format!("left out: {}", printable(what)));
            }
            made.document
        }
        Some(other) => return Err(Failure::new(format!("`--to` does not accept `{other}`: expected `anchore`"))),
    };
    write_all(&outputs, |format, out| match format {
        Format::Json => writeln!(out, "{document:#}"),
        Format::Yaml => out.write_all(yaml(&document)?.as_bytes()),
    })?;
    Ok(0)
}

fn yaml(document: &Value) -> io::Result<String> {
    serde_saphyr::to_string(document).map_err(io::Error::other)
}
