//! A layer's entries settled into rows, and the binary form read back.

use proptest::prelude::*;
use stopgate_catalogers::{Facts, Record};
use stopgate_model::{FileKind, Gap, GapCode};

use super::{EntryData, FindingKind, LayerBuilder, LayerFacts, RowKind};

pub(crate) const DIR: RowKind = RowKind::Entry(FileKind::Directory);
pub(crate) const FILE: RowKind = RowKind::Entry(FileKind::Regular);
pub(crate) const HARD: RowKind = RowKind::Entry(FileKind::HardLink);
pub(crate) const SOFT: RowKind = RowKind::Entry(FileKind::Symlink);

/// A layer of these entries; the content of a file is the number of its entry.
pub(crate) fn layer(entries: &[(&str, RowKind, Option<&str>)]) -> LayerFacts {
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
            DIR => format!("{}/", row.path),
            FILE => format!("{} {}", row.path, row.size),
            HARD => format!("{} {} {:?}", row.path, row.size, row.content),
            SOFT => format!("{} -> {}", row.path, row.link.unwrap()),
            RowKind::Whiteout => format!("-{}", row.path),
            RowKind::Opaque => format!("-{}/*", row.path),
            other => format!("{} {other:?}", row.path),
        };
        while let Some(finding) = next
            && finding.row == rows.index()
        {
            if let FindingKind::Facts { encoded, .. } = finding.what {
                let facts = super::read_facts(&mut super::Reader::new(encoded)).unwrap();
                text.push_str(&format!(" ={}", facts.records[0].json));
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
    let cases: &[(&str, &[(&str, RowKind, Option<&str>)], &[&str])] = &[
        ("last wins", &[("a", FILE, None), ("a", FILE, None)], &["a 1 =1"]),
        ("file over folder", &[("a/b", FILE, None), ("a", FILE, None)], &["a 1 =1"]),
        ("folder implied over file", &[("a", FILE, None), ("a/b", FILE, None)], &["a/b 1 =1"]),
        ("folder implied over link", &[("a", SOFT, Some("x")), ("a/b", FILE, None)], &["a/b 1 =1"]),
        (
            "folder, file, folder again",
            &[("a", DIR, None), ("a/b", FILE, None), ("a", FILE, None), ("a", DIR, None), ("a/c", FILE, None)],
            &["a/", "a/c 4 =4"],
        ),
        ("names between", &[("a", FILE, None), ("a-b", FILE, None), ("a/x", FILE, None)], &["a/x 2 =2", "a-b 1 =1"]),
        (
            "whiteouts stay",
            &[("a", FILE, None), ("a", RowKind::Whiteout, None), ("d", RowKind::Opaque, None), ("d", DIR, None)],
            &["-a", "a 0 =0", "-d/*", "d/"],
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

proptest! {
    #[test]
    fn settling_equals_unpacking(entries in proptest::collection::vec(
        (prop_oneof![Just("a"), Just("a/b"), Just("a/b/c"), Just("a-b"), Just("a/c")], prop_oneof![Just(FILE), Just(DIR)]), 0..12))
    {
        let rows: Vec<_> = entries.iter().map(|(path, kind)| (*path, *kind, None)).collect();
        // Unpacks as a runtime would: what is no folder gives way.
        let mut tree = std::collections::BTreeMap::new();
        for (number, (path, kind)) in entries.iter().enumerate() {
            let above: Vec<_> = path.match_indices('/').map(|(end, _)| &path[..end]).collect();
            tree.retain(|other: &&str, (_, other_kind)| !(above.contains(other) && *other_kind == FILE));
            if *kind == FILE {
                tree.retain(|other, _| !other.starts_with(&format!("{path}/")));
            }
            tree.insert(*path, (number, *kind));
        }
        let expected: Vec<_> = tree
            .into_iter()
            .map(|(path, (number, kind))| if kind == DIR { format!("{path}/") } else { format!("{path} {number} ={number}") })
            .collect();
        let mut seen = shown(&layer(&rows));
        seen.sort_by(|a, b| a.split([' ', '/']).next().cmp(&b.split([' ', '/']).next()).then(a.cmp(b)));
        let mut expected = expected;
        expected.sort_by(|a, b| a.split([' ', '/']).next().cmp(&b.split([' ', '/']).next()).then(a.cmp(b)));
        prop_assert_eq!(seen, expected);
    }
}
