//! Laws of order, on any text.

use proptest::prelude::*;

use crate::{Constraint, EpochStrategy, Format, Version, compare};

/// Formats whose order is transitive; the others follow rules of grype that are not.
const TRANSITIVE: [Format; 6] =
    [Format::Apk, Format::Bitnami, Format::Deb, Format::Gem, Format::Portage, Format::Python];

fn version_like() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            "[0-9]{1,3}",
            proptest::sample::select(vec![
                ".", ".", ".", "-", "_", "~", "+", ":", "v", "a", "b", "rc", "alpha", "_p", "-r1", ".post", ".dev",
                "0",
            ])
            .prop_map(str::to_owned),
        ],
        1..7,
    )
    .prop_map(|parts| parts.concat())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![3 => version_like(), 1 => "\\PC{0,12}"]
}

fn is_lawful(format: Format, text: &str) -> bool {
    format != Format::Kb && !(format == Format::Python && text.contains('+'))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn swapping_sides_reverses_the_order(one in any_text(), two in any_text()) {
        for format in Format::ALL.into_iter().filter(|format| is_lawful(*format, &one) && is_lawful(*format, &two)) {
            if let Ok(order) = compare(format, &one, &two) {
                prop_assert_eq!(compare(format, &two, &one), Ok(order.reverse()), "{}", format);
            }
        }
    }

    #[test]
    fn every_readable_text_equals_itself(text in any_text()) {
        for format in Format::ALL {
            if Version::parse(format, &text).is_ok() {
                prop_assert_eq!(compare(format, &text, &text).map(std::cmp::Ordering::is_eq), Ok(true), "{}", format);
            }
        }
    }

    #[test]
    fn order_is_transitive(one in any_text(), two in any_text(), three in any_text()) {
        for format in TRANSITIVE.into_iter().filter(|format| [&one, &two, &three].iter().all(|text| is_lawful(*format, text))) {
            let pair = |left: &str, right: &str| compare(format, left, right);
            if let (Ok(first), Ok(second), Ok(third)) = (pair(&one, &two), pair(&two, &three), pair(&one, &three)) {
                prop_assert!(!(first.is_le() && second.is_le()) || third.is_le(), "{}", format);
                prop_assert!(!(first.is_ge() && second.is_ge()) || third.is_ge(), "{}", format);
            }
        }
    }

    #[test]
    fn ranges_never_panic(version in any_text(), range in "[<>=,|()'\"`~!/*. \\PC]{0,16}", bound in any_text()) {
        for format in Format::ALL {
            for text in [range.clone(), format!("<{bound}"), format!(">= {bound} || {range}")] {
                if let Ok(range) = Constraint::parse(format, &text) {
                    let version = Version::new(format, &version).with_epochs(EpochStrategy::Zero);
                    let _ = range.satisfied_by(&version);
                }
            }
        }
    }
}

#[test]
fn long_texts_take_linear_time_and_no_stack() {
    for unit in ["1.", "1-", "a1", "0", "~", "_p1", "-", ".", "||", "'", "9"] {
        let text = format!("1{}", unit.repeat(10_000));
        for format in Format::ALL {
            let _ = compare(format, &text, &format!("{text}1"));
            let _ = Constraint::parse(format, &text).map(|range| range.satisfied_by(&Version::new(format, &text)));
        }
    }
}
