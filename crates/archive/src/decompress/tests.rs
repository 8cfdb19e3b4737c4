//! Decoders against other writers, damaged streams and bombs.

use std::io::{self, Read, Write};

use proptest::prelude::{any, proptest};

use super::{Compression, Decoder};
use crate::IntegrityError;

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn xz(content: &[u8]) -> Vec<u8> {
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn error_of(stream: &[u8]) -> io::Error {
    inflate(stream).map(|content| content.len()).unwrap_err()
}

fn inflate(stream: &[u8]) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    Decoder::new(stream)?.read_to_end(&mut content)?;
    Ok(content)
}

fn sample() -> Vec<u8> {
    (0..100_000_u32).flat_map(|number| number.wrapping_mul(number).to_le_bytes()).collect()
}

type Encode = fn(&[u8]) -> Vec<u8>;

const ALL: [(Compression, Encode); 4] =
    [(Compression::Gzip, gzip), (Compression::Zstd, zstd), (Compression::Xz, xz), (Compression::Bzip2, bzip2)];

#[test]
fn the_first_bytes_decide() {
    let content = sample();
    for (compression, encode) in ALL {
        let stream = encode(&content);
        assert_eq!(Decoder::new(&stream[..]).unwrap().compression(), compression);
        assert_eq!(inflate(&stream).unwrap(), content);
        assert_eq!(inflate(&encode(b"")).unwrap(), b"");
    }
    for plain in [&b""[..], b"x", b"BZhello, no stream", b"\x1f\x8b", &content] {
        assert_eq!(Decoder::new(plain).unwrap().compression(), Compression::None);
        assert_eq!(inflate(plain).unwrap(), plain);
    }
}

#[test]
fn several_members_are_one_stream() {
    for (compression, encode) in ALL {
        let stream = [encode(b"one "), encode(b""), encode(b"two")].concat();
        assert_eq!(inflate(&stream).unwrap(), b"one two", "{compression:?}");
    }
}

#[test]
fn padding_after_gzip_is_accepted_and_garbage_is_not() {
    let stream = gzip(b"content");
    assert_eq!(inflate(&[stream.clone(), vec![0; 1000]].concat()).unwrap(), b"content");
    let error = error_of(&[stream, b"garbage behind the end".to_vec()].concat());
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

#[test]
fn skippable_frames_are_skipped() {
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"toc"].concat();
    let stream = [skippable.clone(), zstd(b"content"), skippable].concat();
    assert_eq!(inflate(&stream).unwrap(), b"content");
}

#[test]
fn a_cut_stream_is_truncated_and_a_changed_one_corrupt() {
    let content = sample();
    for (compression, encode) in ALL {
        let stream = encode(&content);
        for length in [stream.len() / 2, stream.len() - 1] {
            let error = error_of(&stream[..length]);
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{compression:?} {error}");
        }
        let mut damaged = stream.clone();
        // In the middle for the data, near the end for the checksum.
        let middle = damaged.len() / 2;
        for byte in &mut damaged[middle..middle + 40] {
            *byte ^= 0x5a;
        }
        let error = error_of(&damaged);
        let kinds = [io::ErrorKind::InvalidData, io::ErrorKind::UnexpectedEof];
        assert!(kinds.contains(&error.kind()), "{compression:?} {error:?}");
    }
    let mut checksum = gzip(&content);
    let at = checksum.len() - 6;
    checksum[at] ^= 1;
    assert_eq!(error_of(&checksum).kind(), io::ErrorKind::InvalidData);
}

#[test]
fn windows_beyond_the_limit_are_refused() {
    // A zstd frame header that asks for a window of 2^41 bytes.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x01, 0x00, 0x00];
    assert_eq!(error_of(&frame).kind(), io::ErrorKind::InvalidData);
    // An xz block header that asks for a dictionary of 4 GiB.
    let mut stream = xz(b"x");
    let length = usize::from(stream[12] + 1) * 4;
    assert_eq!(stream[14..16], [0x21, 1], "the filter is lzma2 with one byte of properties");
    stream[16] = 40;
    let checksum = libdeflater::crc32(&stream[12..12 + length - 4]).to_le_bytes();
    stream[12 + length - 4..12 + length].copy_from_slice(&checksum);
    assert_eq!(error_of(&stream).kind(), io::ErrorKind::InvalidData);
}

#[test]
fn a_bomb_is_contained_by_reading_only_so_far() {
    let zeros = vec![0; 64 << 20];
    for encode in [gzip as Encode, zstd] {
        let stream = encode(&zeros);
        assert!(stream.len() < zeros.len() / 100);
        let mut seen = 0;
        let mut decoder = Decoder::new(&stream[..]).unwrap().take(1 << 20);
        let mut buffer = [0; 4096];
        loop {
            match decoder.read(&mut buffer).unwrap() {
                0 => break,
                count => seen += count,
            }
        }
        assert_eq!(seen, 1 << 20);
    }
}

#[test]
fn errors_of_the_source_pass_unchanged() {
    struct Failing(Vec<u8>, usize);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = (&self.0[self.1..]).read(buffer)?;
            self.1 += count;
            if count > 0 {
                return Ok(count);
            }
            let expected = crate::digest_of(b"");
            Err(IntegrityError { expected, found: crate::Found::Long { declared: 1 } }.into())
        }
    }
    let content = sample();
    for (compression, encode) in ALL {
        let stream = encode(&content);
        let half = stream[..stream.len() / 2].to_vec();
        let error = Decoder::new(Failing(half, 0)).unwrap().read_to_end(&mut Vec::new()).unwrap_err();
        assert!(IntegrityError::of(&error).is_some(), "{compression:?} {error:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(kind in 0usize..4, changes in proptest::collection::vec((0usize..300, any::<u8>()), 0..8)) {
        let mut stream = ALL[kind].1(b"some content that is long enough to be worth a block or two, or three");
        for (at, byte) in changes {
            let length = stream.len();
            stream[at % length] = byte;
        }
        let _ = Decoder::new(&stream[..]).map(|decoder| decoder.take(1 << 20).read_to_end(&mut Vec::new()));
    }
}
