//! Deterministic writing: the same input makes the same bytes, with one time for everything.

mod image;
mod tar;

pub use image::{Blob, Built, CompressionChoice, ImageBuilder, Layer};
pub use tar::{Entry, Kind, TarWriter, pax_record, tar_of};
