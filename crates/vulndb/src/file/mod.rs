//! The files of a build: an index for matching and a details file for showing, both in one container format.
//!
//! Everything here is total on arbitrary bytes: the container is checked when it is opened, every access again.

mod codec;
mod container;
mod details;
pub(crate) mod interner;
pub(crate) mod layout;
mod lists;

pub(crate) use codec::{Decoder, Encoder};
pub(crate) use container::{Bytes, Container, Kind, write_container};
pub(crate) use details::{
    Compressor, CvssEntry, DetailsReader, DetailsText, encode_kev, encode_text, train_dictionary,
};
pub(crate) use interner::Interner;
pub(crate) use layout::{Section, read_u16, read_u32, read_u64};
pub(crate) use lists::Lists;
