//! A Dockerfile, given or guessed from the image's history.

/// Where the Dockerfile comes from (Anchore's `dockerfile_mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DockerfileMode {
    /// Given by the user.
    Actual,
    /// Made from the image's history.
    Guessed,
}

/// One instruction of a Dockerfile, continuation lines joined.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// Upper-case keyword, `RUN`.
    pub keyword: String,
    /// All after the keyword, trimmed, continuation lines joined by one blank.
    pub arguments: String,
    /// Number of its first line, from 1. In a guessed file, the entry of the history.
    pub line: u32,
    /// Build stage, from 0; `ARG` before the first `FROM` belongs to stage 0.
    pub stage: u32,
}

/// A parsed Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dockerfile {
    /// Given or guessed.
    pub mode: DockerfileMode,
    /// The text as given, or as guessed.
    pub text: String,
    /// Its instructions, in order.
    pub instructions: Vec<Instruction>,
}

impl Dockerfile {
    /// The instructions that make the final image: the last stage, and `ARG` before the first `FROM`.
    pub fn final_stage(&self) -> impl Iterator<Item = &Instruction> {
        let last = self.instructions.iter().map(|instruction| instruction.stage).max().unwrap_or(0);
        let first_from = self.instructions.iter().position(|i| i.keyword == "FROM").unwrap_or(0);
        self.instructions
            .iter()
            .enumerate()
            .filter(move |(index, instruction)| instruction.stage == last || *index < first_from)
            .map(|(_, instruction)| instruction)
    }
}
