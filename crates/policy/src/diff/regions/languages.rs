//! The texts that parts of names can be: registries, repositories, tags, digests, names of SBOMs.
//!
//! A part is any text; what is *nice* can be written in a reference and read back, so that a witness can name it. That
//! is told by the characters that people use.

use stopgate_model::DigestAlgorithm;

use crate::diff::automaton::Language;

/// How far a text is one that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Written {
    Start,
    /// Behind a slash.
    Slash,
    /// A part that is `.` or `..` so far.
    Dots(u8),
    Word,
    Wrong,
}

impl Written {
    /// With a character that parts of names have.
    fn then(self, c: char) -> Self {
        match (self, c) {
            (Self::Wrong, _) => Self::Wrong,
            (Self::Word, '/') => Self::Slash,
            (Self::Start | Self::Slash, '.') => Self::Dots(1),
            (Self::Dots(1), '.') => Self::Dots(2),
            (_, c) if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') => Self::Word,
            _ => Self::Wrong,
        }
    }
}

/// Letters, digits and marks in the order in which samples use them.
const WORD: &str = "etanospirclumdbyfghkwxvzjq0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_";

/// Registries: nice are hosts with a dot or a port.
pub(super) struct Registry;

impl Language for Registry {
    type State = (Written, bool);
    type Class = bool;

    fn start(&self) -> Self::State {
        (Written::Start, false)
    }
    fn step(&self, (written, dotted): &Self::State, c: char) -> Option<Self::State> {
        let next = match c {
            '.' | ':' if *written != Written::Wrong => Written::Word,
            '/' => Written::Wrong,
            c => written.then(c),
        };
        Some((next, *dotted || matches!(c, '.' | ':')))
    }
    fn class(&self, (written, dotted): &Self::State) -> Option<bool> {
        (*written != Written::Start).then_some(*written == Written::Word && *dotted)
    }
    fn groups(&self) -> &[&str] {
        &[WORD, ".:"]
    }
}

/// Whether Docker Hub knows a repository under a second name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Second {
    /// `nginx`: also `library/nginx`.
    Longer,
    /// `library/nginx`: also `nginx`.
    Shorter,
    None,
}

const LIBRARY: &str = "library/";

/// Repositories.
pub(super) struct Repository;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RepositoryState {
    /// Characters of `library/` with which the text begins; `None` when it begins otherwise.
    library: Option<u8>,
    /// Whether there is a slash behind that beginning, or any slash when there is none.
    slash: bool,
    written: Written,
}

impl Language for Repository {
    type State = RepositoryState;
    type Class = (Second, bool);

    fn start(&self) -> RepositoryState {
        RepositoryState { library: Some(0), slash: false, written: Written::Start }
    }
    fn step(&self, state: &RepositoryState, c: char) -> Option<RepositoryState> {
        let written = state.written.then(c);
        let read = state.library.map(usize::from);
        Some(match read {
            Some(read) if LIBRARY.chars().nth(read) == Some(c) => {
                RepositoryState { library: Some(read as u8 + 1), slash: false, written }
            }
            Some(read) if read == LIBRARY.len() => {
                RepositoryState { slash: state.slash || c == '/', written, ..*state }
            }
            _ => RepositoryState { library: None, slash: state.slash || c == '/', written },
        })
    }
    fn class(&self, state: &RepositoryState) -> Option<(Second, bool)> {
        let whole = state.library.map(usize::from) == Some(LIBRARY.len());
        let second = match (whole, state.slash) {
            (_, true) => Second::None,
            (true, false) => Second::Shorter,
            (false, false) => Second::Longer,
        };
        (state.written != Written::Start).then_some((second, state.written == Written::Word))
    }
    fn groups(&self) -> &[&str] {
        &["etnospcumdfghkwxvzjq0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_", "/", "l", "i", "b", "r", "a", "y", "."]
    }
}

/// Tags, and names of any kind.
pub(super) struct Tag;

impl Language for Tag {
    type State = Written;
    type Class = bool;

    fn start(&self) -> Written {
        Written::Start
    }
    fn step(&self, written: &Written, c: char) -> Option<Written> {
        Some(match c {
            '.' if *written != Written::Wrong => Written::Word,
            '/' => Written::Wrong,
            c => written.then(c),
        })
    }
    fn class(&self, written: &Written) -> Option<bool> {
        (*written != Written::Start).then_some(*written == Written::Word)
    }
    fn groups(&self) -> &[&str] {
        &[WORD, "."]
    }
}

/// Digests, `sha256:` and 64 hexadecimal digits; nice are those of SHA-256.
pub(super) struct Digests;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum DigestState {
    Name(String),
    Hex(DigestAlgorithm, u16),
}

const ALGORITHMS: [DigestAlgorithm; 5] = [
    DigestAlgorithm::Sha256,
    DigestAlgorithm::Sha512,
    DigestAlgorithm::Sha384,
    DigestAlgorithm::Sha1,
    DigestAlgorithm::Md5,
];

impl Language for Digests {
    type State = DigestState;
    type Class = bool;

    fn start(&self) -> DigestState {
        DigestState::Name(String::new())
    }
    fn step(&self, state: &DigestState, c: char) -> Option<DigestState> {
        match state {
            DigestState::Hex(algorithm, read) => {
                hex_step(*algorithm, *read, c).map(|read| DigestState::Hex(*algorithm, read))
            }
            DigestState::Name(name) if c == ':' => {
                let algorithm = ALGORITHMS.into_iter().find(|algorithm| algorithm.name() == name)?;
                Some(DigestState::Hex(algorithm, 0))
            }
            DigestState::Name(name) => {
                let longer = format!("{name}{c}");
                let known = ALGORITHMS.iter().any(|algorithm| algorithm.name().starts_with(&longer));
                known.then_some(DigestState::Name(longer))
            }
        }
    }
    fn class(&self, state: &DigestState) -> Option<bool> {
        match state {
            DigestState::Hex(algorithm, read) if usize::from(*read) == algorithm.hex_len() => {
                Some(*algorithm == DigestAlgorithm::Sha256)
            }
            _ => None,
        }
    }
    fn groups(&self) -> &[&str] {
        &["bcdef0123456789a", "s", "h", "a", "m", "d", "5", "1", "2", "6", "3", "8", "4", ":"]
    }
}

/// The hexadecimal digits of one algorithm's digests.
pub(super) struct Hex(pub(super) DigestAlgorithm);

impl Hex {
    pub(super) const ALL: [Self; 5] = [
        Self(DigestAlgorithm::Sha256),
        Self(DigestAlgorithm::Sha512),
        Self(DigestAlgorithm::Sha384),
        Self(DigestAlgorithm::Sha1),
        Self(DigestAlgorithm::Md5),
    ];
}

impl Language for Hex {
    type State = u16;
    type Class = ();

    fn start(&self) -> u16 {
        0
    }
    fn step(&self, read: &u16, c: char) -> Option<u16> {
        hex_step(self.0, *read, c)
    }
    fn class(&self, read: &u16) -> Option<()> {
        (usize::from(*read) == self.0.hex_len()).then_some(())
    }
    fn groups(&self) -> &[&str] {
        &["bcdef0123456789a"]
    }
}

fn hex_step(algorithm: DigestAlgorithm, read: u16, c: char) -> Option<u16> {
    let digit = c.is_ascii_digit() || matches!(c, 'a'..='f');
    (digit && usize::from(read) < algorithm.hex_len()).then_some(read + 1)
}
