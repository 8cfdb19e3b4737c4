//! Dockerfiles: read from text, or guessed from an image's history.

mod guess;
mod lines;
mod read;

pub use guess::guess_dockerfile;
pub use read::read_dockerfile;
