//! Whole runs: a command line and an environment in, both streams and the calls to the server out.

mod check;
mod images;
mod imports;
mod process;
mod resources;

use std::io::Cursor;
use std::path::Path;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::session::Io;
use super::settings::Settings;

/// A server that plays its part, on threads of its own.
struct Server {
    runtime: Runtime,
    mocks: MockServer,
    home: tempfile::TempDir,
}

/// What a run gave.
#[derive(Debug)]
struct Run {
    ok: bool,
    out: String,
    err: String,
}

impl Run {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Server {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(MockServer::start());
        Self { runtime, mocks: server, home: tempfile::tempdir().unwrap() }
    }

    /// Answers a call.
    fn on(&self, verb: &str, at: &str, body: &Value) -> &Self {
        self.mount(Mock::given(method(verb)).and(path(at)).respond_with(ResponseTemplate::new(200).set_body_json(body)))
    }

    /// Answers a call with this value of a query parameter.
    fn on_query(&self, at: &str, query: (&str, &str), body: &Value) -> &Self {
        let mock = Mock::given(method("GET")).and(path(at)).and(query_param(query.0, query.1));
        self.mount(mock.respond_with(ResponseTemplate::new(200).set_body_json(body)))
    }

    fn fails(&self, verb: &str, at: &str, status: u16, body: &Value) -> &Self {
        let answer = ResponseTemplate::new(status).set_body_json(body);
        self.mount(Mock::given(method(verb)).and(path(at)).respond_with(answer))
    }

    fn mount(&self, mock: Mock) -> &Self {
        self.runtime.block_on(mock.mount(&self.mocks));
        self
    }

    fn run(&self, line: &str) -> Run {
        self.run_with(line, &[], "")
    }

    fn run_with(&self, line: &str, variables: &[(&str, &str)], input: &str) -> Run {
        let url = self.mocks.uri();
        let mut all = vec![("ANCHORECTL_URL", url.as_str()), ("STOPGATE_POLL_MS", "0"), ("ANCHORECTL_PASSWORD", "x")];
        all.extend_from_slice(variables);
        run_in(line, &all, self.home.path(), input)
    }

    /// `VERB PATH?QUERY` of every call, in order.
    fn calls(&self) -> Vec<String> {
        let requests = self.runtime.block_on(self.mocks.received_requests()).unwrap();
        requests
            .iter()
            .map(|request| {
                let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
                format!("{} {}{query}", request.method, request.url.path())
            })
            .collect()
    }

    /// Bodies of the calls to a path.
    fn bodies(&self, at: &str) -> Vec<Value> {
        let requests = self.runtime.block_on(self.mocks.received_requests()).unwrap();
        let bodies = requests.iter().filter(|request| request.url.path() == at && !request.body.is_empty());
        bodies.map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
    }
}

/// Runs a command line, whose words are parted by blanks.
fn run_in(line: &str, variables: &[(&str, &str)], home: &Path, input: &str) -> Run {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut io = Io {
        input: Box::new(Cursor::new(input.to_owned())),
        input_is_terminal: false,
        out: Box::new(&mut out),
        err: Box::new(&mut err),
        err_is_terminal: false,
        layers: None,
    };
    let arguments = std::iter::once("anchorectl").chain(line.split(' ').filter(|word| !word.is_empty()));
    let ok = super::run_in(arguments.map(Into::into), Settings::of(variables, home), &mut io);
    drop(io);
    Run { ok, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

fn digest(letter: &str) -> String {
    format!("sha256:{}", letter.repeat(64))
}

/// An image as the server describes it.
fn image(analysis: &str) -> Value {
    json!({
        "image_digest": digest("a"),
        "parent_digest": digest("a"),
        "image_status": "active",
        "analysis_status": analysis,
        "annotations": {"cost_center": "7"},
        "image_content": {"metadata": {"arch": "amd64", "distro": "debian", "distro_version": "12", "layer_count": 14}},
        "image_detail": [{
            "full_tag": "docker.io/library/app:1.0", "image_id": "b".repeat(64), "registry": "docker.io",
            "repo": "library/app", "tag": "1.0", "image_digest": digest("a"),
            "tag_detected_at": "2026-01-02T03:04:05Z",
        }],
        "analysis_status_detail": null,
    })
}
