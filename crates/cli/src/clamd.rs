//! ClamAV as a malware scanner: a running `clamd` by its Unix or TCP socket (clamd(8): PING, VERSION, INSTREAM).
//!
//! Each content takes a connection of its own. What clamd did not scan, for its own limits or because it
//! failed, is an omission and never a clean file. A file beyond its `MaxFileSize` clamd calls clean unless
//! `AlertExceedsMax` is set: `StreamMaxLength` must not be larger.

use std::io::{self, BufRead as _, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use stopgate_analyzer::MalwareScanner;

use crate::failure::{Failure, printable};

/// Bytes that are sent at once.
const CHUNK: usize = 64 << 10;
/// Bytes of an answer that are read.
const ANSWER: u64 = 4 << 10;
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How long clamd may take to read or to answer; it gives up on a file after two minutes itself.
const PATIENCE: Duration = Duration::from_mins(5);
/// Connections that may fail one after another before no more are tried.
const FAILURES: u32 = 3;

const EXPECTED: &str = "expected `clamd:PATH` of its local socket, or `clamd:tcp://HOST:PORT`";

/// A clamd that answers.
#[derive(Debug)]
pub(crate) struct Clamd {
    address: Address,
    version: String,
    failures: AtomicU32,
}

#[derive(Debug)]
enum Address {
    Unix(PathBuf),
    /// `HOST:PORT`.
    Tcp(String),
}

trait Stream: Read + Write {}
impl Stream for UnixStream {}
impl Stream for TcpStream {}

impl Clamd {
    /// The scanner that an argument names: `clamd:PATH` or `clamd:tcp://HOST:PORT`; `None` when it names none. One
    /// that does not answer is a failure now, not a scan without findings later.
    pub(crate) fn of_argument(argument: &str, offline: bool) -> Option<Result<Self, Failure>> {
        argument.strip_prefix("clamd:").map(|socket| Self::connect(socket, offline))
    }

    /// The scanner of an argument that must name one.
    pub(crate) fn named(argument: &str, offline: bool) -> Result<Self, Failure> {
        Self::of_argument(argument, offline)
            .unwrap_or_else(|| Err(Failure::new(format!("`{argument}` is no malware scanner")).help(EXPECTED)))
    }

    fn connect(socket: &str, offline: bool) -> Result<Self, Failure> {
        let address = match socket.strip_prefix("tcp://") {
            Some(_) if offline => {
                return Err(
                    Failure::new(format!("`{socket}` is behind a network, and `--offline` allows none")).help(EXPECTED)
                );
            }
            Some(address) => Address::Tcp(address.to_owned()),
            None => Address::Unix(PathBuf::from(socket)),
        };
        let fail = |what: String| Failure::new(format!("clamd cannot be reached at `{socket}`: {what}")).help(EXPECTED);
        let mut clamd = Self { address, version: String::new(), failures: AtomicU32::new(0) };
        let answer = clamd.ask("PING").map_err(|error| fail(error.to_string()))?;
        if answer != "PONG" {
            return Err(fail(format!("it answered `{}`", printable(&answer))));
        }
        clamd.version = clamd.ask("VERSION").map_err(|error| fail(error.to_string()))?;
        Ok(clamd)
    }

    fn open(&self) -> io::Result<Box<dyn Stream>> {
        match &self.address {
            Address::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Ok(Box::new(stream))
            }
            Address::Tcp(address) => {
                let mut failure = io::Error::other("the host has no address");
                for address in address.to_socket_addrs()? {
                    match TcpStream::connect_timeout(&address, CONNECT) {
                        Ok(stream) => {
                            stream.set_read_timeout(Some(PATIENCE))?;
                            stream.set_write_timeout(Some(PATIENCE))?;
                            return Ok(Box::new(stream));
                        }
                        Err(error) => failure = error,
                    }
                }
                Err(failure)
            }
        }
    }

    fn ask(&self, command: &str) -> io::Result<String> {
        let mut stream = self.open()?;
        stream.write_all(format!("z{command}\0").as_bytes())?;
        answer(&mut *stream)
    }

    /// A connection for a content, unless so many failed that clamd is gone.
    fn reach(&self) -> Result<Box<dyn Stream>, String> {
        if self.failures.load(Ordering::Relaxed) >= FAILURES {
            return Err("clamd does not answer any more".to_owned());
        }
        match self.open() {
            Ok(stream) => {
                self.failures.store(0, Ordering::Relaxed);
                Ok(stream)
            }
            Err(error) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                Err(format!("clamd does not answer: {error}"))
            }
        }
    }
}

impl MalwareScanner for Clamd {
    fn name(&self) -> &'static str {
        "clamav"
    }

    fn database(&self) -> String {
        self.version.clone()
    }

    fn scan(&self, _: &str, content: &mut dyn Read, _: u64) -> Result<Vec<String>, String> {
        let mut stream = self.reach()?;
        let sent = send(&mut *stream, content)?;
        match (sent, answer(&mut *stream)) {
            (Ok(()), Ok(text)) => verdict(&text),
            // A content that is too long ends the connection, and the answer says so.
            (Err(_), Ok(text)) if text.ends_with("ERROR") => verdict(&text),
            (Err(error), _) | (Ok(()), Err(error)) => Err(format!("clamd ended the connection: {error}")),
        }
    }
}

/// Sends a content in pieces with their length. What cannot be read is no matter of the connection.
fn send(stream: &mut dyn Stream, content: &mut dyn Read) -> Result<io::Result<()>, String> {
    let mut sent = stream.write_all(b"zINSTREAM\0");
    let mut piece = vec![0; 4 + CHUNK];
    while sent.is_ok() {
        let (length, bytes) = piece.split_at_mut(4);
        let count = match content.read(bytes) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(format!("it cannot be read: {error}")),
        };
        length.copy_from_slice(&(count as u32).to_be_bytes());
        sent = stream.write_all(piece.get(..4 + count).unwrap_or_default());
        if count == 0 {
            break; // A piece of no length is the end.
        }
    }
    Ok(sent)
}

/// The answer, up to the zero that ends it. What follows is not read: after a content that is too long it is an error.
fn answer(stream: &mut dyn Stream) -> io::Result<String> {
    let mut bytes = Vec::new();
    io::BufReader::new(stream.take(ANSWER)).read_until(0, &mut bytes)?;
    match bytes.pop() {
        Some(0) => Ok(printable(String::from_utf8_lossy(&bytes).trim_end())),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// `stream: OK`, `stream: SIGNATURE FOUND` or `… ERROR`.
fn verdict(answer: &str) -> Result<Vec<String>, String> {
    let text = answer.strip_prefix("stream: ").unwrap_or(answer);
    if text == "OK" {
        return Ok(Vec::new());
    }
    let Some(signature) = text.strip_suffix(" FOUND") else {
        return Err(match text.strip_suffix(" ERROR") {
            Some(text) if text.contains("size limit exceeded") => "it is longer than clamd takes".to_owned(),
            Some(text) => format!("clamd failed: {text}"),
            None => format!("clamd gave no answer that is known: `{text}`"),
        });
    };
    if signature.starts_with("Heuristics.Limits.Exceeded") {
        return Err(format!("clamd reached a limit of its own: {signature}"));
    }
    // With `ExtendedDetectionInfo` digest and size of what was found stand behind the name.
    let name = match signature.strip_suffix(')').and_then(|text| text.rsplit_once('(')) {
        Some((name, info)) if !name.is_empty() && info.contains(':') => name,
        _ => signature,
    };
    Ok(vec![name.to_owned()])
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read as _, Write as _};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::thread;

    use stopgate_analyzer::MalwareScanner as _;

    use super::{Clamd, FAILURES, send, verdict};

    /// Takes a command, and the pieces of a content unless it is refused.
    fn take(stream: &mut UnixStream, refuses: bool) -> Vec<u8> {
        let mut seen = Vec::new();
        while seen.last() != Some(&0) {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            seen.extend(byte);
        }
        while seen.starts_with(b"zINSTREAM") && !refuses {
            let mut length = [0; 4];
            stream.read_exact(&mut length).unwrap();
            let mut piece = vec![0; u32::from_be_bytes(length) as usize];
            stream.read_exact(&mut piece).unwrap();
            seen.extend(length);
            seen.extend(&piece);
            if piece.is_empty() {
                break;
            }
        }
        seen
    }

    /// Answers one connection after another, then is gone. Gives back what they sent.
    fn serve(listener: UnixListener, answers: &[&str]) -> Vec<Vec<u8>> {
        let answer = |text: &&str| {
            let (mut stream, _) = listener.accept().unwrap();
            let seen = take(&mut stream, text.ends_with("ERROR"));
            stream.write_all(format!("{text}\0").as_bytes()).unwrap();
            seen
        };
        let seen = answers.iter().map(answer).collect();
        drop(listener);
        seen
    }

    /// A clamd that answers so once it is known.
    fn with_clamd<T>(answers: &[&str], test: impl FnOnce(&Clamd) -> T) -> (T, Vec<Vec<u8>>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let all: Vec<&str> = ["PONG", "ClamAV 1.4.6/27500"].iter().chain(answers).copied().collect();
        thread::scope(|scope| {
            let server = scope.spawn(move || serve(listener, &all));
            let clamd = Clamd::of_argument(&format!("clamd:{}", path.display()), true).unwrap().unwrap();
            if answers.is_empty() {
                let seen = server.join().unwrap();
                return (test(&clamd), seen);
            }
            (test(&clamd), server.join().unwrap())
        })
    }

    #[test]
    fn answers_have_a_meaning() {
        for (answer, expected) in [
            ("stream: OK", Ok("")),
            ("stream: Win.Test.EICAR_HDB-1 FOUND", Ok("Win.Test.EICAR_HDB-1")),
            ("stream: Some-Test.UNOFFICIAL FOUND", Ok("Some-Test.UNOFFICIAL")),
            ("stream: Some-Test(44d88612fea8a8f36de82e1278abb02f:68) FOUND", Ok("Some-Test")),
            ("stream: Odd(name) FOUND", Ok("Odd(name)")),
            (
                "stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND",
                Err("clamd reached a limit of its own: Heuristics.Limits.Exceeded.MaxFileSize"),
            ),
            ("INSTREAM size limit exceeded. ERROR", Err("it is longer than clamd takes")),
            ("stream: Can't allocate memory ERROR", Err("clamd failed: Can't allocate memory")),
            ("UNKNOWN COMMAND", Err("clamd gave no answer that is known: `UNKNOWN COMMAND`")),
        ] {
            let signatures = verdict(answer).map(|signatures| signatures.join(" "));
            assert_eq!(signatures, expected.map(str::to_owned).map_err(str::to_owned), "{answer}");
        }
    }

    #[test]
    fn a_content_is_sent_in_pieces() {
        let ((), seen) = with_clamd(&["stream: A FOUND"], |clamd| {
            assert_eq!((clamd.name(), clamd.database().as_str()), ("clamav", "ClamAV 1.4.6/27500"));
            assert_eq!(clamd.scan("/a", &mut (&b"ab"[..]).chain(&b"c"[..]), 3), Ok(vec!["A".to_owned()]));
        });
        assert_eq!(seen[0], b"zPING\0");
        assert_eq!(seen[1], b"zVERSION\0");
        assert_eq!(seen[2], b"zINSTREAM\0\0\0\0\x02ab\0\0\0\x01c\0\0\0\0");
    }

    #[test]
    fn what_clamd_does_not_answer_is_no_clean_file() {
        let scan = |clamd: &Clamd| clamd.scan("/a", &mut io::repeat(1).take(4 << 20), 4 << 20);
        let (result, _) = with_clamd(&["INSTREAM size limit exceeded. ERROR"], scan);
        assert_eq!(result, Err("it is longer than clamd takes".to_owned()));
        let (result, _) = with_clamd(&[""], scan);
        assert_eq!(result, Err("clamd gave no answer that is known: ``".to_owned()));
        let (reasons, _) =
            with_clamd(&[], |clamd| (0..=FAILURES).map(|_| scan(clamd).unwrap_err()).collect::<Vec<_>>());
        let (last, others) = reasons.split_last().unwrap();
        assert!(others.iter().all(|reason| reason.starts_with("clamd does not answer: ")), "{others:?}");
        assert_eq!(last, "clamd does not answer any more");
    }

    #[test]
    fn a_content_that_cannot_be_read_is_told() {
        struct Broken;
        impl io::Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        let (mut stream, _clamd) = UnixStream::pair().unwrap();
        assert_eq!(send(&mut stream, &mut Broken).unwrap_err(), "it cannot be read: broken");
    }

    #[test]
    fn one_that_cannot_be_reached_is_a_failure_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none");
        let failure = Clamd::of_argument(&format!("clamd:{}", path.display()), true).unwrap().unwrap_err();
        assert!(failure.message().starts_with(&format!("clamd cannot be reached at `{}`: ", path.display())));
        assert!(Clamd::of_argument("clamd:tcp://127.0.0.1:notaport", false).unwrap().is_err());
        let listener = UnixListener::bind(&path).unwrap();
        thread::scope(|scope| {
            scope.spawn(move || serve(listener, &["220 mail"]));
            let failure = Clamd::of_argument(&format!("clamd:{}", path.display()), true).unwrap().unwrap_err();
            assert!(failure.message().ends_with("it answered `220 mail`"), "{}", failure.message());
        });
        assert!(Clamd::of_argument("scan.json", false).is_none());
        let failure = Clamd::named("clamd:tcp://127.0.0.1:3310", true).unwrap_err();
        assert!(failure.message().ends_with("`--offline` allows none"), "{}", failure.message());
    }
}
