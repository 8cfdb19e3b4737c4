//! The tar reader against archives of other writers, damaged ones, and each limit.

use std::io::{BufReader, Read};

use proptest::prelude::{any, proptest};
use stopgate_model::{FileKind, limits};

use super::{Drained, Reader, TarError};
use crate::Refusal;
use crate::write::{Entry, Kind, TarWriter, pax_record, tar_of};

#[derive(Debug, PartialEq, Eq)]
struct Seen {
    path: String,
    kind: FileKind,
    size: u64,
    link: Option<String>,
    content: Vec<u8>,
    refused: Option<Refusal>,
}

fn read(archive: &[u8]) -> Result<(Vec<Seen>, Drained), TarError> {
    // A small buffer, so that headers and content lie across its ends.
    let mut reader = Reader::new(BufReader::with_capacity(700, archive));
    let mut seen = Vec::new();
    while let Some((entry, mut content)) = reader.next_entry()? {
        let mut row = Seen {
            path: entry.path.to_owned(),
            kind: entry.kind,
            size: entry.size,
            link: entry.link.map(str::to_owned),
            content: Vec::new(),
            refused: entry.refused,
        };
        content.by_ref().take(1 << 20).read_to_end(&mut row.content)?;
        seen.push(row);
    }
    Ok((seen, reader.drain()?))
}

fn rows(archive: &[u8]) -> Vec<Seen> {
    read(archive).unwrap().0
}

/// A header block with its checksum.
fn block(fill: impl FnOnce(&mut [u8; 512])) -> [u8; 512] {
    let mut block = *::tar::Header::new_gnu().as_bytes();
    block[124..136].copy_from_slice(b"00000000000\0");
    for field in [100..108, 108..116, 116..124] {
        block[field].copy_from_slice(b"0000000\0");
    }
    fill(&mut block);
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

fn header(name: &str, flag: u8, size: usize) -> [u8; 512] {
    block(|block| {
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[156] = flag;
        block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    })
}

fn padded(content: &[u8]) -> Vec<u8> {
    let mut padded = content.to_vec();
    padded.resize(content.len().next_multiple_of(512), 0);
    padded
}

fn with_pax(records: &[u8], name: &str, content: &[u8]) -> Vec<u8> {
    [
        header("pax", b'x', records.len()).to_vec(),
        padded(records),
        header(name, b'0', content.len()).to_vec(),
        padded(content),
        vec![0; 1024],
    ]
    .concat()
}

#[test]
fn reads_what_another_writer_wrote() {
    let mut builder = ::tar::Builder::new(Vec::new());
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(150));
    for (path, content) in [("./a", &b"1"[..]), ("/b//c", b"22"), (&long, &[7; 1500]), ("x/../../y", b"")] {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        header.set_entry_type(::tar::EntryType::Regular);
        if path.len() < 100 {
            header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            builder.append(&header, content).unwrap();
        } else {
            builder.append_data(&mut header, path, content).unwrap();
        }
    }
    let mut link = ::tar::Header::new_gnu();
    link.set_entry_type(::tar::EntryType::Symlink);
    link.set_size(0);
    let target = format!("../{}", "t".repeat(200));
    builder.append_link(&mut link, "link", &target).unwrap();
    let archive = builder.into_inner().unwrap();
    let seen = rows(&archive);
    let paths: Vec<_> = seen.iter().map(|row| row.path.as_str()).collect();
    assert_eq!(paths, ["a", "b/c", &long, "y", "link"]);
    assert_eq!(seen[2].content, [7; 1500]);
    assert_eq!((seen[4].kind, seen[4].link.as_deref()), (FileKind::Symlink, Some(target.as_str())));
}

#[test]
fn agrees_with_our_own_writer_on_every_kind() {
    let entries = [
        Entry::directory("d"),
        Entry::file("d/f", vec![1; 513]).mode(0o4711).owner(3_000_000, 70_000),
        Entry::symlink("d/l", "../f"),
        Entry::hard_link("d/h", "d/f"),
        Entry { kind: Kind::CharDevice(1, 3), ..Entry::file("null", "") },
        Entry { kind: Kind::Fifo, ..Entry::file("pipe", "") },
        Entry { capability: Some(vec![1; 20]), ..Entry::file("ping", "x") },
    ];
    let archive = tar_of(&entries);
    let mut reader = Reader::new(&archive[..]);
    let mut kinds = Vec::new();
    while let Some((entry, _)) = reader.next_entry().unwrap() {
        kinds.push(entry.kind);
        match entry.path {
            "d/f" => assert_eq!((entry.mode, entry.uid, entry.gid, entry.size), (0o4711, 3_000_000, 70_000, 513)),
            "d/h" => assert_eq!((entry.link, entry.size), (Some("d/f"), 0)),
            "null" => assert_eq!(entry.device, (1, 3)),
            "ping" => assert_eq!(entry.capability, Some(&[1; 20][..])),
            _ => assert_eq!(entry.capability, None),
        }
    }
    use FileKind::{CharDevice, Directory, Fifo, HardLink, Regular, Symlink};
    assert_eq!(kinds, [Directory, Regular, Symlink, HardLink, CharDevice, Fifo, Regular]);
}

#[test]
fn unread_content_is_skipped_and_positions_are_right() {
    let archive = tar_of(&[Entry::file("a", vec![1; 5000]), Entry::file("b", "2")]);
    let mut reader = Reader::new(&archive[..]);
    let (_, content) = reader.next_entry().unwrap().unwrap();
    assert_eq!(content.span(), Some((512, 5000)));
    let (entry, content) = reader.next_entry().unwrap().unwrap();
    assert_eq!((entry.path, content.span()), ("b", Some((512 + 5120 + 512, 1))));
    assert!(reader.next_entry().unwrap().is_none());
    assert_eq!(reader.drain().unwrap(), Drained { bytes: archive.len() as u64, ambiguous: false });
}

#[test]
fn truncated_archives_are_errors_except_between_entries() {
    let archive = tar_of(&[Entry::file("a", vec![1; 600]), Entry::file("b", "2")]);
    for length in 0..=archive.len() {
        // Behind whole content, its padding missing or not, or behind the first block of the end mark.
        let whole = matches!(length, 0 | 1112..=1536 | 2049..=2560 | 3072 | 3584);
        assert_eq!(read(&archive[..length]).is_ok(), whole, "{length}");
    }
}

#[test]
fn what_is_no_archive_is_told_from_a_damaged_one() {
    assert!(matches!(read(&[b'x'; 2000]), Err(TarError::NotTar)));
    assert!(read(&[]).unwrap().0.is_empty());
    let mut archive = tar_of(&[Entry::file("a", "1"), Entry::file("b", "2")]);
    archive[1024 + 10] ^= 1;
    assert!(matches!(read(&archive), Err(TarError::Malformed { offset: 1024, .. })));
    let lone = [vec![0; 512], tar_of(&[Entry::file("a", "1")])].concat();
    assert!(matches!(read(&lone), Err(TarError::Malformed { .. })));
}

#[test]
fn data_behind_the_end_makes_an_archive_ambiguous() {
    let one = tar_of(&[Entry::file("a", "1")]);
    let zeros = [one.clone(), vec![0; 10_000]].concat();
    assert!(!read(&zeros).unwrap().1.ambiguous);
    let two = [one.clone(), one].concat();
    let (seen, drained) = read(&two).unwrap();
    assert_eq!((seen.len(), drained.ambiguous, drained.bytes), (1, true, two.len() as u64));
}

#[test]
fn global_headers_change_nothing_but_are_noticed() {
    for (record, ambiguous) in [(pax_record("path", b"evil"), true), (pax_record("comment", b"x"), false)] {
        let global = [header("pax", b'g', record.len()).to_vec(), padded(&record)].concat();
        let archive = [global, tar_of(&[Entry::file("a", "1")])].concat();
        let (seen, drained) = read(&archive).unwrap();
        assert_eq!((seen[0].path.as_str(), drained.ambiguous), ("a", ambiguous));
    }
}

#[test]
fn pax_records_win_over_the_header() {
    let records = [pax_record("path", "ü/b".as_bytes()), pax_record("size", b"3")].concat();
    let seen = rows(&with_pax(&records, "short", b"123"));
    assert_eq!((seen[0].path.as_str(), seen[0].content.as_slice()), ("ü/b", &b"123"[..]));
    let negative = with_pax(&pax_record("size", b"-1"), "a", b"123");
    assert!(matches!(read(&negative), Err(TarError::Malformed { .. })));
}

#[test]
fn links_and_folders_have_no_content_whatever_they_say() {
    for flag in [b'1', b'2', b'5'] {
        let archive = [header("a", flag, 512).to_vec(), header("b", b'0', 0).to_vec(), vec![0; 1024]].concat();
        let seen = rows(&archive);
        assert_eq!((seen.len(), seen[0].size), (2, 0));
    }
    let old = [header("folder/", 0, 0).to_vec(), vec![0; 1024]].concat();
    assert_eq!(rows(&old)[0].kind, FileKind::Directory);
}

#[test]
fn names_that_are_not_text_stay_different() {
    let name = |byte: u8| {
        block(|block| {
            block[..3].copy_from_slice(&[b'f', byte, b'!']);
            block[156] = b'0';
        })
    };
    let archive = [name(0xe9).to_vec(), name(0xe8).to_vec(), vec![0; 1024]].concat();
    let paths: Vec<_> = rows(&archive).into_iter().map(|row| row.path).collect();
    assert_eq!(paths, ["f\\xe9!", "f\\xe8!"]);
}

#[test]
fn refuses_entries_at_each_limit_and_reads_on() {
    let next = |records: &[u8]| {
        let archive = with_pax(records, "a", b"1");
        let more = tar_of(&[Entry::file("next", "2")]);
        let archive = [&archive[..archive.len() - 1024], &more].concat();
        let seen = rows(&archive);
        assert_eq!((seen.len(), seen[1].path.as_str()), (2, "next"));
        seen[0].refused
    };
    let path = |length: u64| pax_record("path", "p".repeat(length as usize).as_bytes());
    assert_eq!(next(&path(limits::PATH_BYTES)), None);
    assert_eq!(next(&path(limits::PATH_BYTES + 1)), Some(Refusal::PathBytes));
    let parts = |count: u64| pax_record("path", "p/".repeat(count as usize).as_bytes());
    assert_eq!(next(&parts(limits::PATH_PARTS)), None);
    assert_eq!(next(&parts(limits::PATH_PARTS + 1)), Some(Refusal::PathParts));
    assert_eq!(next(&pax_record("path", b"a\0b")), Some(Refusal::ZeroByte));
    // A record counts its own length field and keyword.
    let record = |length: u64| pax_record("comment", &vec![b'c'; length as usize - "65536 comment=\n".len()]);
    assert_eq!(next(&record(limits::PAX_RECORD_BYTES)), None);
    assert_eq!(next(&record(limits::PAX_RECORD_BYTES + 1)), Some(Refusal::PaxRecord));
    let many = |bytes: u64| {
        let one = pax_record("comment", &vec![b'c'; 1024 - "1024 comment=\n".len()]);
        one.repeat((bytes / 1024) as usize)
    };
    assert_eq!(next(&many(limits::TAR_HEADER_BYTES)), None);
    assert_eq!(next(&many(limits::TAR_HEADER_BYTES + 1024)), Some(Refusal::HeaderBytes));
    assert_eq!(next(&pax_record("linkpath", "l".repeat(4097).as_bytes())), Some(Refusal::LinkBytes));
}

/// The content of `sparse` below: 3 bytes, a hole, 2 bytes, a hole.
fn expanded() -> Vec<u8> {
    let mut content = vec![0; 1000];
    content[..3].copy_from_slice(b"abc");
    content[700..702].copy_from_slice(b"de");
    content
}

#[test]
fn sparse_files_of_every_format_are_read_with_their_holes() {
    let map = "0,3,700,2,1000,0";
    let format_00: Vec<u8> = map
        .split(',')
        .collect::<Vec<_>>()
        .chunks(2)
        .flat_map(|pair| {
            [pax_record("GNU.sparse.offset", pair[0].as_bytes()), pax_record("GNU.sparse.numbytes", pair[1].as_bytes())]
                .concat()
        })
        .collect();
    let size = |name: &str| pax_record(name, b"1000");
    let name = pax_record("GNU.sparse.name", b"real/name");
    let version = |major: &[u8], minor: &[u8]| {
        [pax_record("GNU.sparse.major", major), pax_record("GNU.sparse.minor", minor)].concat()
    };
    let format_00 = [size("GNU.sparse.size"), format_00].concat();
    let format_01 = [size("GNU.sparse.size"), pax_record("GNU.sparse.map", map.as_bytes()), name.clone()].concat();
    let format_10 = [version(b"1", b"0"), size("GNU.sparse.realsize"), name].concat();
    let lines = padded(format!("3\n{}\n", map.replace(',', "\n")).as_bytes());
    let stored = [lines, b"abcde".to_vec()].concat();
    for (archive, path) in [
        (with_pax(&format_00, "a", b"abcde"), "a"),
        (with_pax(&format_01, "a", b"abcde"), "real/name"),
        (with_pax(&format_10, "a", &stored), "real/name"),
        (old_gnu_sparse(1000), "sparse"),
    ] {
        let archive = [&archive[..archive.len() - 1024], &tar_of(&[Entry::file("next", "2")])].concat();
        let seen = rows(&archive);
        assert_eq!((seen[0].path.as_str(), seen[0].size), (path, 1000));
        assert_eq!(seen[0].content, expanded());
        assert_eq!(seen[1].content, b"2");
    }
}

fn old_gnu_sparse(size: u64) -> Vec<u8> {
    let mut rows = vec![(0, 3), (700, 2), (1000, 0)].into_iter();
    let header = block(|block| {
        block[..6].copy_from_slice(b"sparse");
        block[156] = b'S';
        block[124..136].copy_from_slice(format!("{:011o}\0", 5).as_bytes());
        // One part here, the others in a block that continues the table.
        for (offset, length) in rows.by_ref().take(1) {
            block[386..410].copy_from_slice(format!("{offset:011o}\0{length:011o}\0").as_bytes());
        }
        block[482] = 1;
        block[483..495].copy_from_slice(format!("{size:011o}\0").as_bytes());
    });
    let mut table = vec![0; 512];
    for (index, (offset, length)) in rows.enumerate() {
        table[24 * index..24 * index + 24].copy_from_slice(format!("{offset:011o}\0{length:011o}\0").as_bytes());
    }
    [header.to_vec(), table, padded(b"abcde"), vec![0; 1024]].concat()
}

#[test]
fn sparse_files_cannot_claim_what_they_like() {
    // Holes beyond what a layer may hold: refused, without content, and the archive goes on.
    let huge = pax_record("GNU.sparse.size", (limits::LAYER_BYTES + 6).to_string().as_bytes());
    let records = [huge, pax_record("GNU.sparse.map", b"0,5")].concat();
    let seen = rows(&with_pax(&records, "a", b"abcde"));
    assert_eq!((seen[0].refused, seen[0].content.len()), (Some(Refusal::Sparse), 0));
    // More parts than we keep.
    let many: Vec<String> = (0..5000).map(|index| format!("{index},0")).collect();
    let records = [pax_record("GNU.sparse.size", b"9000"), pax_record("GNU.sparse.map", many.join(",").as_bytes())];
    assert_eq!(rows(&with_pax(&records.concat(), "a", b""))[0].refused, Some(Refusal::Sparse));
    // Maps that do not fit the content.
    for map in ["0,4", "0,6", "3,2,0,3", "0,5,9,1", "0", "x,1"] {
        let records = [pax_record("GNU.sparse.size", b"8"), pax_record("GNU.sparse.map", map.as_bytes())].concat();
        assert!(read(&with_pax(&records, "a", b"abcde")).is_err(), "{map}");
    }
    assert!(read(&old_gnu_sparse(500)).is_err());
}

#[test]
fn sizes_in_base_256_are_read_and_negative_ones_refused() {
    let sized = |field: [u8; 12]| {
        let header = block(|block| {
            block[0] = b'a';
            block[156] = b'0';
            block[124..136].copy_from_slice(&field);
        });
        [header.to_vec(), padded(b"123"), vec![0; 1024]].concat()
    };
    assert_eq!(rows(&sized([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]))[0].content, b"123");
    assert!(read(&sized([0xff; 12])).is_err());
    // Eight exabytes are claimed, three bytes are there: truncated, at once.
    let claim = sized([0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]);
    let mut reader = Reader::new(&claim[..]);
    assert!(reader.next_entry().unwrap().is_some());
    assert!(matches!(reader.next_entry(), Err(TarError::Truncated { .. })));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(mut changes in proptest::collection::vec((0usize..6000, any::<u8>()), 0..20)) {
        let records = [pax_record("GNU.sparse.size", b"1000"), pax_record("GNU.sparse.map", b"0,3,700,2")].concat();
        let mut archive = with_pax(&records, "a", b"abcde");
        archive.truncate(archive.len() - 1024);
        archive.extend(old_gnu_sparse(1000));
        archive.truncate(archive.len() - 1024);
        archive.extend(tar_of(&[Entry::directory("d"), Entry::file("x".repeat(300), "y")]));
        for (at, byte) in changes.drain(..) {
            let at = at % archive.len();
            archive[at] = byte;
            // Most changes would only break the checksum of their block.
            let start = at / 512 * 512;
            let header = archive[start..start + 512].to_vec();
            let whole = block(|block| block.copy_from_slice(&header));
            archive[start + 148..start + 156].copy_from_slice(&whole[148..156]);
        }
        let _ = read(&archive);
    }

    #[test]
    fn content_is_what_was_written(sizes in proptest::collection::vec(0usize..3000, 0..8)) {
        let mut writer = TarWriter::new(Vec::new());
        for (index, size) in sizes.iter().enumerate() {
            writer.append(&Entry::file(format!("f{index}"), vec![index as u8; *size])).unwrap();
        }
        let archive = writer.finish().unwrap();
        for (index, (row, size)) in rows(&archive).iter().zip(&sizes).enumerate() {
            assert_eq!(row.content, vec![index as u8; *size]);
        }
    }
}
