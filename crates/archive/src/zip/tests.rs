//! The zip reader against archives of another writer, hostile ones, and its limits.

use std::io::{Cursor, Write};

use proptest::prelude::{any, proptest};
use stopgate_model::limits;
use zip::write::SimpleFileOptions;

use super::{Archive, ZipError};
use crate::{Budget, BudgetError, Nesting, ReadAt};

/// An archive by the `zip` crate; a name that ends with a slash is a folder.
fn archive(entries: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method).unix_permissions(0o755);
    for (name, content) in entries {
        if name.ends_with('/') {
            writer.add_directory(*name, options).unwrap();
        } else {
            writer.start_file(*name, options).unwrap();
            writer.write_all(content).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

fn deflated(entries: &[(&str, &[u8])]) -> Vec<u8> {
    archive(entries, zip::CompressionMethod::Deflated)
}

fn stored(entries: &[(&str, &[u8])]) -> Vec<u8> {
    archive(entries, zip::CompressionMethod::Stored)
}

/// All names and contents, or the first error.
fn read(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, ZipError> {
    let budget = Budget::default();
    let archive = Archive::open(&bytes, Nesting::outermost(&budget))?;
    let content = |entry| archive.read(entry, 1 << 20);
    archive.entries().iter().map(|entry| Ok((entry.name.clone(), content(entry)?))).collect()
}

/// The position of the n-th central header.
fn central(bytes: &[u8], index: usize) -> usize {
    bytes.windows(4).enumerate().filter(|(_, w)| *w == b"PK\x01\x02").map(|(at, _)| at).nth(index).unwrap()
}

fn end(bytes: &[u8]) -> usize {
    bytes.windows(4).rposition(|w| w == b"PK\x05\x06").unwrap()
}

#[test]
fn reads_stored_and_deflated_entries_of_another_writer() {
    let long = vec![b'x'; 100_000];
    let entries: [(&str, &[u8]); 4] = [("META-INF/", b""), ("META-INF/MANIFEST.MF", b"a: b"), ("x", &long), ("e", b"")];
    for bytes in [deflated(&entries), stored(&entries)] {
        let seen = read(&bytes).unwrap();
        let expected: Vec<_> =
            entries.iter().map(|(name, content)| (name.trim_end_matches('/').to_owned(), content.to_vec())).collect();
        assert_eq!(seen, expected);
        let budget = Budget::default();
        let archive = Archive::open(&bytes, Nesting::outermost(&budget)).unwrap();
        assert!(!archive.doubts().any());
        assert!(archive.entries()[0].is_directory);
        assert_eq!(archive.entries()[1].unix_mode & 0o777, 0o755);
    }
}

#[test]
fn bytes_in_front_do_not_matter() {
    for prefix in [b"#!/bin/sh\nexec java -jar $0\n".to_vec(), vec![b'P'; 70_000]] {
        let bytes = [prefix, deflated(&[("a", b"1"), ("b", b"2")])].concat();
        assert_eq!(read(&bytes).unwrap().len(), 2);
    }
}

#[test]
fn stored_archives_inside_are_read_where_they_lie() {
    let innermost = deflated(&[("leaf", b"content")]);
    let inner = stored(&[("c.jar", &innermost)]);
    let outer = stored(&[("x", b"0"), ("b.jar", &inner)]);
    let budget = Budget::default();
    let outermost = Nesting::outermost(&budget);
    let first = Archive::open(&outer, outermost).unwrap();
    let slice = first.stored(&first.entries()[1]).unwrap().unwrap();
    assert_eq!(slice.in_memory(), Some(&inner[..]));
    let second = Archive::open(&slice, outermost.deeper().unwrap()).unwrap();
    let slice = second.stored(&second.entries()[0]).unwrap().unwrap();
    let third = Archive::open(&slice, second.nesting().deeper().unwrap()).unwrap();
    assert_eq!(third.read(&third.entries()[0], 100).unwrap(), b"content");
    assert_eq!(third.nesting().depth(), 2);
}

#[test]
fn the_same_without_memory() {
    let bytes = deflated(&[("a", &[b'a'; 5000]), ("b", b"2")]);
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&bytes).unwrap();
    let file = (file, bytes.len() as u64);
    let budget = Budget::default();
    let archive = Archive::open(&file, Nesting::outermost(&budget)).unwrap();
    assert_eq!(archive.read(&archive.entries()[0], 5000).unwrap(), [b'a'; 5000]);
}

#[test]
fn limits_of_caller_and_budget_hold() {
    let bytes = deflated(&[("a", &[0; 1000]), ("b", &[0; 1000])]);
    let budget = Budget::new(1999, 2);
    let archive = Archive::open(&bytes, Nesting::outermost(&budget)).unwrap();
    let [a, b] = archive.entries() else { panic!("two entries") };
    assert!(matches!(archive.read(a, 999), Err(ZipError::TooLarge { size: 1000, limit: 999 })));
    assert!(archive.read(a, 1000).is_ok());
    assert!(matches!(archive.read(b, 1000), Err(ZipError::Budget(BudgetError::Bytes { limit: 1999 }))));
    let again = Archive::open(&bytes, Nesting::outermost(&budget));
    assert!(matches!(again.err(), Some(ZipError::Budget(BudgetError::Entries { limit: 2 }))));
}

#[test]
fn an_archive_in_itself_ends_at_the_depth() {
    let mut bytes = deflated(&[("leaf", b"")]);
    for _ in 0..40 {
        bytes = stored(&[("x.jar", &bytes)]);
    }
    let budget = Budget::default();
    let mut nesting = Nesting::outermost(&budget);
    let mut current = bytes;
    let error = loop {
        let archive = Archive::open(&current, nesting).unwrap();
        let next = archive.read(&archive.entries()[0], 1 << 20).unwrap();
        drop(archive);
        current = next;
        match nesting.deeper() {
            Ok(deeper) => nesting = deeper,
            Err(error) => break error,
        }
    };
    assert_eq!(error, BudgetError::Depth { limit: limits::NESTING });
}

#[test]
fn claims_that_deflate_cannot_keep_cost_no_memory() {
    let mut bytes = deflated(&[("a", b"some content")]);
    let at = central(&bytes, 0);
    bytes[at + 24..at + 28].copy_from_slice(&0xffff_fff0_u32.to_le_bytes());
    let budget = Budget::default();
    let archive = Archive::open(&bytes, Nesting::outermost(&budget)).unwrap();
    assert!(matches!(archive.read(&archive.entries()[0], u64::MAX), Err(ZipError::Malformed(_))));
}

#[test]
fn entries_that_overlap_are_doubtful_and_cost_their_bytes_each() {
    let mut bytes = deflated(&[("a", &[0; 10_000]), ("b", &[0; 10_000])]);
    let (first, second) = (central(&bytes, 0), central(&bytes, 1));
    let offset = bytes[first + 42..first + 46].to_vec();
    bytes[second + 42..second + 46].copy_from_slice(&offset);
    let budget = Budget::new(15_000, 10);
    let archive = Archive::open(&bytes, Nesting::outermost(&budget)).unwrap();
    assert!(archive.doubts().overlap);
    assert!(archive.read(&archive.entries()[0], 1 << 20).is_ok());
    assert!(archive.read(&archive.entries()[1], 1 << 20).is_err());
}

#[test]
fn other_readings_are_doubtful() {
    let bytes = stored(&[("a", b"1")]);
    let budget = Budget::default();
    let doubts = |bytes: &Vec<u8>| Archive::open(bytes, Nesting::outermost(&budget)).unwrap().doubts();
    assert!(doubts(&[bytes.clone(), b"tail".to_vec()].concat()).trailing_bytes);
    let mut count = bytes.clone();
    let at = end(&count);
    count[at + 8] = 9;
    count[at + 10] = 9;
    assert!(doubts(&count).entry_count);
    // A comment that holds a whole second end record.
    let mut hidden = bytes.clone();
    let record = hidden[at..].to_vec();
    hidden[at + 20..at + 22].copy_from_slice(&(record.len() as u16).to_le_bytes());
    hidden.extend(&record);
    // The inner record names a directory that is not in front of it, so it cannot be read.
    let opened = Archive::open(&hidden, Nesting::outermost(&budget));
    assert!(opened.is_err() || opened.unwrap().doubts().end_in_comment);
}

#[test]
fn wrong_content_is_an_error_of_the_entry() {
    let bytes = stored(&[("a", b"12345"), ("b", b"67890")]);
    let mut damaged = bytes.clone();
    let at = damaged.windows(5).position(|w| w == b"12345").unwrap();
    damaged[at] ^= 1;
    assert!(matches!(read(&damaged), Err(ZipError::Checksum)));
    let mut encrypted = bytes.clone();
    let at = central(&encrypted, 0);
    encrypted[at + 8] |= 1;
    assert!(matches!(read(&encrypted), Err(ZipError::Encrypted)));
    let mut method = bytes;
    method[at + 10] = 12;
    assert!(matches!(read(&method), Err(ZipError::Method(12))));
}

#[test]
fn names_are_cleaned_and_may_occur_twice() {
    let mut bytes = stored(&[("x/../../evil", b"1"), ("dup1", b"2"), ("dup2", b"3")]);
    let (at, text) = (central(&bytes, 2) + 46, b"dup1");
    bytes[at..at + 4].copy_from_slice(text);
    let seen = read(&bytes).unwrap();
    let names: Vec<_> = seen.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["evil", "dup1", "dup1"]);
}

#[test]
fn what_is_no_archive_or_is_cut_is_an_error() {
    assert!(matches!(read(b""), Err(ZipError::NotZip)));
    assert!(matches!(read(&b"x".repeat(100_000)), Err(ZipError::NotZip)));
    let bytes = deflated(&[("a", b"1"), ("b", b"2")]);
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length]).is_err(), "{length}");
    }
}

#[test]
fn data_descriptors_and_zip64_are_read() {
    // A writer that cannot seek back writes sizes behind the content.
    let mut writer = zip::ZipWriter::new_stream(Vec::new());
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated).large_file(true);
    writer.start_file("a", options).unwrap();
    writer.write_all(b"content").unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    assert_eq!(read(&bytes).unwrap(), [("a".to_owned(), b"content".to_vec())]);
}

#[test]
fn more_than_65535_entries_are_counted_by_zip64() {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for index in 0..65_600 {
        writer.start_file(index.to_string(), options).unwrap();
    }
    let bytes = writer.finish().unwrap().into_inner();
    let budget = Budget::default();
    let archive = Archive::open(&bytes, Nesting::outermost(&budget)).unwrap();
    assert_eq!((archive.entries().len(), archive.doubts().any()), (65_600, false));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(changes in proptest::collection::vec((0usize..400, any::<u8>()), 0..12)) {
        let mut bytes = deflated(&[("a", b"111"), ("d/", b""), ("d/b", &[7; 200])]);
        for (at, byte) in changes {
            let length = bytes.len();
            bytes[at % length] = byte;
        }
        let _ = read(&bytes);
    }
}
