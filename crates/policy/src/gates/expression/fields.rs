//! The names that an expression may use, with their types: the documentation of the gate, from which its page is made.

use stopgate_model::limits::{EXPRESSION_ARTIFACT_LIST, EXPRESSION_LIST, EXPRESSION_PACKAGES};

/// The type of a value, as far as it is known before the expression runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Type {
    Bool,
    /// Whole or not.
    Number,
    Text,
    /// Texts by text.
    Map,
    /// At most so many of a type.
    List(&'static Type, u64),
    Object(&'static Object),
    Unknown,
}

/// Something with fields.
#[derive(Debug, PartialEq)]
pub(super) struct Object {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
}

/// One field. It is always there; what is not known is an empty text or list, or -1.
#[derive(Debug, PartialEq)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Type,
    /// What it means.
    pub(super) about: &'static str,
}

const fn field(name: &'static str, kind: Type, about: &'static str) -> Field {
    Field { name, kind, about }
}

const TEXTS: Type = List(&Text, EXPRESSION_ARTIFACT_LIST);
const SOME: Type = List(&Text, EXPRESSION_LIST);

use Type::{Bool, List, Map, Number, Text};

pub(super) static IMAGE: Object = Object {
    name: "image",
    fields: &[
        field("registry", Text, "Registry of the reference that is evaluated."),
        field("repository", Text, "Its repository."),
        field("tag", Text, "Its tag."),
        field("name", Text, "`registry/repository:tag`."),
        field("digest", Text, "Digest of the manifest."),
        field("id", Text, "Digest of the configuration."),
        field("size", Number, "Sum of the layers' sizes, bytes."),
        field("layers", Number, "Number of layers."),
        field("architecture", Text, "Architecture."),
        field("variant", Text, "Variant of the architecture."),
        field("os", Text, "Operating system."),
        field("annotations", Map, "Annotations of the manifest."),
        field("annotation_names", TEXTS, "Their names, sorted."),
    ],
};

pub(super) static CONFIG: Object = Object {
    name: "config",
    fields: &[
        field("user", Text, "User that the image runs as; empty for root."),
        field("env", TEXTS, "Environment, as `NAME=value`."),
        field("ports", TEXTS, "Declared ports, as `80/tcp`."),
        field("entrypoint", TEXTS, "Entry point."),
        field("cmd", TEXTS, "Command."),
        field("working_dir", Text, "Working folder."),
        field("labels", Map, "Labels."),
        field("label_names", TEXTS, "Their names, sorted."),
        field("volumes", TEXTS, "Declared volumes."),
        field("healthcheck", TEXTS, "Health check, as `CMD` and its arguments."),
        field("stop_signal", Text, "Signal that stops it."),
        field("created", Text, "When it was made, as written."),
        field("author", Text, "Author."),
    ],
};

pub(super) static DISTRO: Object = Object {
    name: "distro",
    fields: &[
        field("id", Text, "`ID` of os-release; empty without a distribution."),
        field("version", Text, "`VERSION_ID`."),
        field("name", Text, "`NAME`."),
        field("id_like", SOME, "`ID_LIKE`."),
    ],
};

pub(super) static DOCKERFILE: Object = Object {
    name: "dockerfile",
    fields: &[
        field("actual", Bool, "Whether it was given, rather than guessed from the image's history."),
        field(
            "instructions",
            List(&Type::Object(&INSTRUCTION), EXPRESSION_ARTIFACT_LIST),
            "Its instructions, in order.",
        ),
    ],
};

pub(super) static INSTRUCTION: Object = Object {
    name: "instruction",
    fields: &[
        field("keyword", Text, "Keyword, upper case."),
        field("arguments", Text, "What follows it."),
        field("line", Number, "Number of its first line."),
        field("stage", Number, "Build stage, from 0."),
    ],
};

pub(super) static PACKAGE: Object = Object {
    name: "pkg",
    fields: &[
        field("name", Text, "Name."),
        field("version", Text, "Version, with epoch and release."),
        field("type", Text, "Type, as `deb` or `npm`."),
        field("os", Bool, "Whether a distribution ships it."),
        field("purl", Text, "Package URL."),
        field("arch", Text, "Architecture."),
        field("path", Text, "File that proves it."),
        field("licenses", SOME, "Its licences: SPDX expressions, else as stated."),
        field("upstreams", SOME, "Names of its source packages."),
        field("found_by", Text, "Cataloger that found it."),
    ],
};

pub(super) static VULNERABILITY: Object = Object {
    name: "vulnerability",
    fields: &[
        field("id", Text, "Id of the record."),
        field("cve", Text, "The CVE of the weakness, else the id."),
        field("aliases", SOME, "Other ids."),
        field("severity", Text, "Severity, lower case."),
        field("cvss", Number, "Highest CVSS 3 base score; -1 without one."),
        field("cvss_v4", Number, "Highest CVSS 4 base score; -1 without one."),
        field("epss", Number, "Highest exploit prediction, 0 to 1; -1 without one."),
        field("epss_percentile", Number, "Its percentile, 0 to 1; -1 without one."),
        field("known_exploited", Bool, "Whether it is on CISA's list of known exploited vulnerabilities."),
        field("fix_state", Text, "`fixed`, `not-fixed`, `wont-fix` or `unknown`."),
        field("fixed_in", SOME, "Fix versions."),
        field("namespace", Text, "Where the record comes from, as `debian:distro:debian:12`."),
        field("published", Text, "When it was published, RFC 3339; empty when unknown."),
        field("cwes", SOME, "Weaknesses, as `CWE-79`."),
    ],
};

pub(super) static FILE: Object = Object {
    name: "file",
    fields: &[
        field("path", Text, "Path from the root."),
        field("kind", Text, "`RegularFile`, `Directory`, `SymbolicLink` …"),
        field("mode", Number, "Permission bits with set-id and sticky bits."),
        field("setuid", Bool, "Whether it has the SUID bit."),
        field("setgid", Bool, "Whether it has the SGID bit."),
        field("world_writable", Bool, "Whether everyone may write it."),
        field("uid", Number, "Owner."),
        field("gid", Number, "Group."),
        field("size", Number, "Bytes."),
        field("sha256", Text, "SHA-256 of its content; empty when it was not computed."),
        field("link", Text, "Target of a link."),
        field("layer", Number, "Position of its layer, from 0."),
    ],
};

/// The type of the list `packages`.
pub(super) const PACKAGES: Type = List(&Type::Object(&PACKAGE), EXPRESSION_PACKAGES);

/// Every object, in the order in which documentation shows them.
static OBJECTS: [&Object; 8] = [&IMAGE, &CONFIG, &DISTRO, &DOCKERFILE, &INSTRUCTION, &PACKAGE, &VULNERABILITY, &FILE];

/// A field of an object that expressions see, for documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionField {
    /// The object: `pkg`.
    pub object: &'static str,
    /// The field.
    pub name: &'static str,
    /// Its type, as words.
    pub kind: String,
    /// What it means, one sentence.
    pub about: &'static str,
}

/// Every field of every object that the trigger `expression.matches` knows.
pub fn expression_fields() -> Vec<ExpressionField> {
    let of = |object: &'static Object| {
        let (object, fields) = (object.name, object.fields);
        fields.iter().map(move |field| ExpressionField {
            object,
            name: field.name,
            kind: words(field.kind),
            about: field.about,
        })
    };
    OBJECTS.into_iter().flat_map(of).collect()
}

fn words(kind: Type) -> String {
    match kind {
        Bool => "true or false".to_owned(),
        Number => "number".to_owned(),
        Text => "text".to_owned(),
        Map => "map of texts".to_owned(),
        List(Type::Object(object), most) => format!("list of `{}`, at most {most}", object.name),
        List(_, most) => format!("list of texts, at most {most}"),
        Type::Object(object) => format!("`{}`", object.name),
        Type::Unknown => "any".to_owned(),
    }
}
