//! The patterns that rules share: what each accepts and refuses, and that no line makes one of them give up.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use stopgate_model::{Dockerfile, DockerfileMode, Engine, Evaluation, ImageReference, Instruction, RetrievedFile};
use stopgate_policy::{EvalContext, Extension, ParseOptions, Policy, evaluate, parse_extended};

use super::{Case, NOW, case, tree};
use crate::library::Library;

/// Bytes of the lines that are made to hurt.
const LONG: usize = 10_000;

/// What a pattern is matched against.
#[derive(Clone, Copy, PartialEq)]
enum Subject {
    /// The text behind an instruction of the Dockerfile.
    Instruction,
    /// A path of the image.
    Path,
    /// A line of a file.
    Line,
}
use Subject::{Instruction as Words, Line, Path};

/// A pattern with texts that it accepts and texts that it refuses.
struct Row {
    name: &'static str,
    subject: Subject,
    accepts: &'static [&'static str],
    refuses: &'static [&'static str],
    /// Begin, middle that is repeated, end of lines that hurt.
    hurts: &'static [(&'static str, &'static str, &'static str)],
}

const ROWS: &[Row] = &[
    Row {
        name: "RX-UPDATE",
        subject: Words,
        accepts: &["apt-get update", "/bin/sh -c apt-get -y update", "apk update", "zypper --quiet ref"],
        refuses: &["apt-get update && apt-get install -y curl", "apk add --update nginx", "dnf install -y x"],
        hurts: &[
            ("", "apt -apt ", "update"),
            ("apt update", " -apt", ""),
            ("apt", " ", "x"),
            ("apt update ", "instal ", "install"),
        ],
    },
    Row {
        name: "RX-ADDURL",
        subject: Words,
        accepts: &[
            "https://x/y.tgz /opt",
            "--chown=1:1 http://x /y",
            "[\"https://x/y\", \"/z\"]",
            "git@h:x/y.git /src",
        ],
        refuses: &["a.tar /opt", "file:abc in /", "--checksum=sha256:aa a b"],
        hurts: &[("", "--a ", "file:"), ("--", "-", " http"), ("--a", " ", "https:/")],
    },
    Row {
        name: "RX-PIPESH",
        subject: Words,
        accepts: &[
            "curl -fsSL https://x | sh",
            "/bin/sh -c wget -qO- x | sudo bash -s",
            "curl x | /bin/bash",
            "wget -O- x |ash",
        ],
        refuses: &["curl -o x https://y && sh x", "wget x", "curl x | shasum"],
        hurts: &[("", "curl ", "| shx"), ("curl |", " ", "sudo"), ("curl x | ", "/sh", "x"), ("", "curl|/", "")],
    },
    Row {
        name: "RX-NOVERIFY",
        subject: Words,
        accepts: &[
            "yum install --nogpgcheck x",
            "apk add --allow-untrusted x",
            "curl -k https://x",
            "npm config set strict-ssl false",
            "pip install --trusted-host h x",
        ],
        refuses: &["curl -fsSL https://x", "apk add x", "yum install -y kernel"],
        hurts: &[("", "curl -a", "1"), ("curl -", "k", "1"), ("", "gpgcheck = ", "1"), ("strict-ssl", " ", "true")],
    },
    Row {
        name: "RX-SUDO",
        subject: Words,
        accepts: &["sudo apt-get x", "a && sudo b", "sh -c 'sudo b'"],
        refuses: &["useradd -G sudo x", "apt-get install -y sudo", "sudo -V"],
        hurts: &[("", "sudo -V;", "sudo -V"), (";", " ", "sudo -V"), ("", ";sudo ", "-V"), ("", "-c \"sudo -V ", "")],
    },
    Row {
        name: "RX-CHMOD",
        subject: Words,
        accepts: &["chmod 777 /x", "chmod -R 0777 /x", "chmod 4755 /bin/x", "chmod u+s /x", "chmod a+w /x"],
        refuses: &["chmod 755 x", "chmod 0644 x", "chmod u+x x"],
        hurts: &[("", "chmod -chmod ", "755"), ("chmod ", "ugoa", "x"), ("chmod +", "rwx", "."), ("chmod", " -R", "")],
    },
    Row {
        name: "RX-SECRETENV",
        subject: Words,
        accepts: &["DB_PASSWORD=hunter2", "MYSQL_ROOT_PASSWORD secret", "A=b API_KEY=xyz", "aws_access_key = a"],
        refuses: &[
            "PATH=/usr/bin",
            "DB_PASSWORD=",
            "DB_PASSWORD=\"\"",
            "DB_PASSWORD=$X",
            "DB_PASSWORD_FILE=/run/secrets/x",
            "JAVA_OPTS=\"-Da.b=c=d -Da.b=c=d -Da.b=c=d -Da.b=c=d -Da.b=c=d -Da.b=c=d -Da.b=c=d -Da.b=c=d -Da.b=c=d \
             -Da.b=c=d -Da.b=c=d -Da.b=c=d -Da.b=c=d -Da.b=c=d -Da.b=c=d -Da.b=c=d -Da.b=c=d -Da.b=c=d -Da.b=c=d \
             -Da.b=c=d\"",
        ],
        hurts: &[
            ("", "PASSWORD", "=$x"),
            ("", "A=TOKEN=", " TOKEN=$x"),
            ("", "TOKEN=$x ", ""),
            ("TOKEN=", " ", "$x"),
            ("TOKEN", " ", "$x"),
            ("", "a=b=c ", "TOKEN \"\""),
            ("", "SECRET_", "TOKEN=/x"),
        ],
    },
    Row {
        name: "RX-PRIVPORT",
        subject: Words,
        accepts: &["80", "80/tcp", "8080 443", "1023", "[\"22\"]"],
        refuses: &["8080", "1024", "8080/tcp"],
        hurts: &[("", " 80x", ""), (" 80-", "1", "x"), ("", ":1/tcp-", ""), ("", "8080 ", "")],
    },
    Row {
        name: "RX-LATEST",
        subject: Words,
        accepts: &["ubuntu", "ubuntu:latest", "reg.io:5000/a/b", "--platform=linux/amd64 ubuntu AS build"],
        refuses: &["scratch", "ubuntu:22.04", "alpine@sha256:aaaa", "$BASE"],
        hurts: &[
            ("", "a/", "b:1"),
            ("--platform=", "a", ":1"),
            ("--platform=a", " ", "b c"),
            ("a:1", "/b:1", ""),
            ("", ":latest", "x"),
        ],
    },
    Row {
        name: "RX-DIGEST",
        subject: Words,
        accepts: &[
            "scratch",
            "a:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef AS x",
            "--platform=linux/amd64 a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ],
        refuses: &["ubuntu:22.04", "a@sha256:0123"],
        hurts: &[("", "a@sha256:", "0"), ("--platform=a", " ", "a"), ("a@sha256:", "0", "")],
    },
    Row {
        name: "RX-VOLUME",
        subject: Words,
        accepts: &["/etc", "[\"/dev\", \"/data\"]", "/data /var/run/docker.sock", "/usr/"],
        refuses: &["/data", "/var/lib/mysql", "/etcd"],
        hurts: &[("", " /etcd", ""), ("", "/etc/", "x"), ("", "\"/dev/x", ""), ("", " /run/docker.sockx", "")],
    },
    Row {
        name: "RX-NETBUILD",
        subject: Words,
        accepts: &["curl https://x", "git clone https://x", "pip install a", "go get x"],
        refuses: &["pip install --no-index -f /w a", "rpm -i x.rpm", "gem install --local x"],
        hurts: &[
            ("", "pip install a ", "--no-index"),
            ("", "gem install a ", "--local"),
            ("git", " ", "clon"),
            ("pip", " ", "install --no-index"),
        ],
    },
    Row {
        name: "RX-CRED",
        subject: Path,
        accepts: &["/root/.ssh/id_rsa", "/app/server.key", "/home/a/.aws/credentials", "/.env"],
        refuses: &["/etc/ssl/certs/ca.pem", "/root/.ssh/id_rsa.pub", "/usr/lib/python3/certifi/cacert.pem"],
        hurts: &[
            ("/opt", "/site-package", "/a.pem"),
            ("", "/certif", "/a.key"),
            ("/a", "/tests", ".pem"),
            ("", "/.aws", "/credential"),
            ("/", ".pem", "x"),
        ],
    },
    Row {
        name: "RX-VCS",
        subject: Path,
        accepts: &["/app/.git/config", "/root/.bash_history", "/app/.git"],
        refuses: &["/app/.gitignore", "/app/git/x"],
        hurts: &[("", "/.gi", ""), ("", "/.bash_histor", ""), ("", "/.svnx", "")],
    },
    Row {
        name: "RX-PKGCACHE",
        subject: Path,
        accepts: &["/var/lib/apt/lists/x_Packages", "/var/cache/apk/APKINDEX.tar.gz"],
        refuses: &["/var/lib/apt/lists/partial", "/var/lib/apt/lists/lock", "/var/lib/dpkg/status"],
        hurts: &[("/var/cache/apk/", "partial/", ""), ("/var/lib/apt/lists", "/", "lock"), ("", "/var/cache", "/apk/")],
    },
    Row {
        name: "RX-SSHD",
        subject: Path,
        accepts: &["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd"],
        refuses: &["/usr/bin/ssh", "/opt/sbin/sshd"],
        hurts: &[("/usr", "/local", "/sbin/sshd"), ("/usr/sbin/sshd", "d", "")],
    },
    Row {
        name: "RX-RHOSTS",
        subject: Path,
        accepts: &["/etc/shosts.equiv", "/root/.rhosts"],
        refuses: &["/etc/hosts", "/root/rhosts"],
        hurts: &[("", "/.rhosts", "/"), ("", "/.shost", "")],
    },
    Row {
        name: "RX-ENGINE",
        subject: Path,
        accepts: &["/usr/bin/docker", "/usr/local/bin/kubectl"],
        refuses: &["/usr/bin/dockerize", "/bin/docker"],
        hurts: &[("/usr", "/local", "/bin/docker"), ("/usr/bin/docker", "r", "")],
    },
    Row {
        name: "RX-EMPTYPW",
        subject: Line,
        accepts: &["bob::19000:0:99999:7:::"],
        refuses: &["root:*:19000:", "root:!::0", "a:$6$x:1"],
        hurts: &[("", "a", ":x::"), ("", "a:x::", ""), ("", "a :", "")],
    },
];

/// A policy whose only rule fires on what the pattern accepts.
fn policy(pattern: &str, subject: Subject) -> Policy {
    let (gate, trigger, params) = match subject {
        Words => ("dockerfile", "instruction", vec![("instruction", "RUN"), ("check", "like"), ("value", pattern)]),
        Path => ("files", "name_match", vec![("regex", pattern)]),
        Line => ("retrieved_files", "content_regex", vec![("path", "/f"), ("regex", pattern), ("check", "match")]),
    };
    let params: Vec<_> = params.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let document = json!({
        "id": "p", "name": "p", "version": "2", "allowlists": [],
        "rule_sets": [{"id": "rs", "name": "rs", "version": "2", "rules": [
            {"id": "r", "gate": gate, "trigger": trigger, "action": "STOP", "params": params}]}],
        "mappings": [{"id": "m", "name": "m", "registry": "*", "repository": "*",
                      "image": {"type": "tag", "value": "*"}, "rule_set_ids": ["rs"], "allowlist_ids": []}],
        "allowlisted_images": [], "denylisted_images": [],
    });
    let document = document.to_string().into_bytes();
    parse_extended(&document, Extension::empty("p"), &BTreeMap::new(), ParseOptions::default()).unwrap().policy
}

/// The policy on an image that has this text where the pattern looks, and nothing else.
fn evaluated(policy: &Policy, subject: Subject, text: &str) -> Evaluation {
    let Case { mut artifact, report, .. } = case();
    match subject {
        Words => {
            let run = Instruction { keyword: "RUN".to_owned(), arguments: text.to_owned(), line: 1, stage: 0 };
            artifact.dockerfile =
                Some(Dockerfile { mode: DockerfileMode::Actual, text: format!("RUN {text}"), instructions: vec![run] });
        }
        Path => artifact.files = Some(tree(&[text])),
        Line => {
            artifact.files = Some(tree(&["/f"]));
            artifact.retrieved = Some(vec![RetrievedFile { path: "/f".to_owned(), layer: None, content: text.into() }]);
        }
    }
    let tag = ImageReference::parse("docker.io/team/app:1").unwrap();
    let engine = Engine { name: "stopgate".to_owned(), version: "0".to_owned(), semantics: String::new() };
    let mut context = EvalContext::new(&artifact, &tag, NOW.parse().unwrap(), engine);
    context.matches = report.as_ref();
    evaluate(policy, &context)
}

/// Whether the rule fires; a problem is a fault of the pattern.
fn fires(row: &Row, policy: &Policy, text: &str) -> bool {
    let evaluation = evaluated(policy, row.subject, text);
    let start: String = text.chars().take(60).collect();
    assert!(evaluation.problems.is_empty(), "{} on `{start}`: {:#?}", row.name, evaluation.problems);
    !evaluation.findings.is_empty()
}

fn pattern(name: &str) -> String {
    Library::embedded().unwrap().patterns[name].clone()
}

#[test]
fn every_pattern_has_samples() {
    let library = Library::embedded().unwrap();
    let patterns: BTreeSet<&str> = library.patterns.keys().map(String::as_str).collect();
    assert_eq!(ROWS.iter().map(|row| row.name).collect::<BTreeSet<_>>(), patterns);
    assert!(ROWS.iter().all(|row| !row.accepts.is_empty() && !row.refuses.is_empty() && !row.hurts.is_empty()));
}

#[test]
fn patterns_accept_and_refuse_their_samples() {
    for row in ROWS {
        let policy = policy(&pattern(row.name), row.subject);
        for text in row.accepts {
            assert!(fires(row, &policy, text), "{} refuses `{text}`", row.name);
        }
        for text in row.refuses {
            assert!(!fires(row, &policy, text), "{} accepts `{text}`", row.name);
        }
    }
}

/// Lines of [`LONG`] bytes: those of the row, and its samples many times, drawn out, or far from each other.
fn long_lines(row: &Row) -> Vec<String> {
    let fill = |begin: &str, middle: &str, end: &str| {
        let times = LONG.saturating_sub(begin.len() + end.len()).div_ceil(middle.len());
        format!("{begin}{}{end}", middle.repeat(times))
    };
    let mut lines: Vec<String> = row.hurts.iter().map(|(begin, middle, end)| fill(begin, middle, end)).collect();
    for sample in row.accepts.iter().chain(row.refuses) {
        let end: String = sample.chars().skip(sample.chars().count() / 2).collect();
        lines.extend([fill("", sample, ""), fill("", &format!("{sample} "), "x"), fill("", &end, "")]);
        lines.extend([fill(sample, " ", "x"), fill(sample, "a", " "), fill("a", "/", sample)]);
    }
    lines
}

#[test]
fn no_line_makes_a_pattern_give_up() {
    let mut faults = Vec::new();
    for row in ROWS {
        let policy = policy(&pattern(row.name), row.subject);
        for line in long_lines(row) {
            assert!(line.len() >= LONG);
            if !evaluated(&policy, row.subject, &line).problems.is_empty() {
                let (begin, end) = (line.get(..40).unwrap_or_default(), line.get(LONG - 20..).unwrap_or_default());
                faults.push(format!("{} on `{begin} ... {end}`", row.name));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
