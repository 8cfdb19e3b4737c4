//! A layer's entries settled into rows, and the binary form read back. `squash` holds the property test.

use stopgate_catalogers::{Facts, Record};
use stopgate_model::{FileKind, Gap, GapCode};

use super::{EntryData, EntryKind, FindingKind, LayerBuilder, LayerFacts};

pub(crate) const DIR: EntryKind = EntryKind::File(FileKind::Directory);
pub(crate) const FILE: EntryKind = EntryKind::File(FileKind::Regular);
pub(crate) const HARD: EntryKind = EntryKind::File(FileKind::HardLink);
pub(crate) const SOFT: EntryKind = EntryKind::File(FileKind::Symlink);

/// Path, kind and link of entries, in the order of their archive.
pub(crate) type Entries<'a> = &'a [(&'a str, EntryKind, Option<&'a str>)];

/// A layer of these entries; the content of a file is the number of its entry.
pub(crate) fn layer(entries: Entries<'_>) -> LayerFacts {
    let mut builder = LayerBuilder::default();
    for (position, (path, kind, link)) in entries.iter().enumerate() {
        let entry = EntryData { path, kind: *kind, mode: 0o644, uid: 0, gid: 0, size: 0, link: *link };
        let number = builder.push(&entry).unwrap();
        if *kind == FILE {
            builder.set_content(number, position as u64, [position as u8; 32]);
            let record = Record { kind: "at".to_owned(), json: position.to_string() };
            builder.add_facts(number, "test", &Facts { records: vec![record], ..Facts::default() });
        }
    }
    builder.finish().unwrap()
}

/// Rows as `path kind`, with the size of files; findings behind them as `path=fact`.
fn shown(layer: &LayerFacts) -> Vec<String> {
    let mut shown = Vec::new();
    let mut rows = layer.rows();
    let mut findings = layer.findings();
    let mut next = findings.next().unwrap();
    while rows.advance().unwrap() {
        let row = rows.row();
        let mut text = match row.kind {
            Some(FileKind::Directory) => format!("{}/", row.path),
            Some(FileKind::Regular) => format!("{} {}", row.path, row.size),
            Some(FileKind::HardLink) => format!("{} {} {:?}", row.path, row.size, row.content),
            Some(FileKind::Symlink) => format!("{} -> {}", row.path, row.link.unwrap()),
            Some(other) => format!("{} {other:?}", row.path),
            None => row.path.to_owned(),
        };
        text.push_str(if row.whiteout { " -w" } else { "" });
        text.push_str(if row.opaque { " -o" } else { "" });
        while let Some(finding) = next
            && finding.row == rows.index()
        {
            if let FindingKind::Facts { encoded, .. } = finding.what {
                let facts = super::read_facts(&mut super::Reader::new(encoded)).unwrap();
                text = format!("{text} ={}", facts.records[0].json);
            }
            next = findings.next().unwrap();
        }
        shown.push(text);
    }
    assert!(next.is_none(), "every finding stands at a row");
    shown
}

#[test]
fn settles_entries_of_one_layer() {
    let cases: &[(&str, Entries<'_>, &[&str])] = &[
        ("last wins", &[("a", FILE, None), ("a", FILE, None)], &["a 1 =1"]),
        ("file over folder", &[("a/b", FILE, None), ("a", FILE, None)], &["a 1 =1"]),
        ("folder implied over file", &[("a", FILE, None), ("a/b", FILE, None)], &["a -w", "a/b 1 =1"]),
        ("folder implied over link", &[("a", SOFT, Some("x")), ("a/b", FILE, None)], &["a -w", "a/b 1 =1"]),
        (
            "folder, file, folder again",
            &[("a", DIR, None), ("a/b", FILE, None), ("a", FILE, None), ("a", DIR, None), ("a/c", FILE, None)],
            &["a/ -w", "a/c 4 =4"],
        ),
        (
            "names between",
            &[("a", FILE, None), ("a-b", FILE, None), ("a/x", FILE, None)],
            &["a -w", "a/x 2 =2", "a-b 1 =1"],
        ),
        (
            "whiteouts stay",
            &[
                ("a", FILE, None),
                ("a", EntryKind::Whiteout, None),
                ("d", EntryKind::Opaque, None),
                ("d", DIR, None),
                ("x", EntryKind::Whiteout, None),
            ],
            &["a 0 -w =0", "d/ -o", "x -w"],
        ),
        ("hard link", &[("a", FILE, None), ("b", HARD, Some("a"))], &["a 0 =0", "b 0 Row(0)"]),
        (
            "hard link of a link",
            &[("x", FILE, None), ("c", FILE, None), ("b", HARD, Some("c")), ("a", HARD, Some("b"))],
            &["a 1 Row(2)", "b 1 Row(2)", "c 1 =1", "x 0 =0"],
        ),
        ("hard link to a lower layer", &[("b", HARD, Some("a"))], &["b 0 Below"]),
        ("hard link before its target", &[("b", HARD, Some("a")), ("a", FILE, None)], &["a 1 =1", "b 0 Below"]),
        (
            "target replaced: the link keeps the content and gets the findings",
            &[("x", FILE, None), ("a", FILE, None), ("b", HARD, Some("a")), ("c", HARD, Some("a")), ("a", FILE, None)],
            &["a 4 =4", "b 1 Row(1) =1", "c 1 Row(1)", "x 0 =0"],
        ),
    ];
    for (name, entries, expected) in cases {
        assert_eq!(shown(&layer(entries)), *expected, "{name}");
    }
}

#[test]
fn gaps_of_one_kind_are_counted_beyond_the_first() {
    let mut builder = LayerBuilder::default();
    for number in 0..60 {
        builder.gap(Gap::new(GapCode::PathRefused, format!("n{number:02}")));
    }
    let layer = builder.finish().unwrap();
    let gaps = &layer.summary().gaps;
    assert_eq!((gaps.len(), gaps.iter().filter_map(|gap| gap.seen).sum::<u64>()), (51, 10));
}

#[test]
fn reading_is_total() {
    let plain = layer(&[("a", DIR, None), ("a/é", FILE, None), ("a/ê", HARD, Some("a/é")), ("s", SOFT, Some("a"))]);
    let plain = plain.plain().to_vec();
    for position in 0..plain.len() {
        assert!(LayerFacts::open(plain[..position].to_vec()).is_err());
        for value in [0, 1, 0x3f, 0x80, 0xff] {
            let mut changed = plain.clone();
            changed[position] = value;
            let Ok(layer) = LayerFacts::open(changed) else { continue };
            let mut rows = layer.rows();
            while let Ok(true) = rows.advance() {
                rows.row();
            }
            let mut findings = layer.findings();
            while let Ok(Some(_)) = findings.next() {}
        }
    }
}
