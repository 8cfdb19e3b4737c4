//! CVSS 3.1 vectors with the scores that vulnerability data derives from them (specification, section 7, and
//! appendix A for rounding).
//!
//! Data has scores by vectors alone, so a witness can only have scores that some vector gives.

use std::sync::LazyLock;

use crate::diff::value::Value;

/// A vector with its scores.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::diff) struct Vector {
    pub(in crate::diff) text: String,
    pub(in crate::diff) base: f64,
    pub(in crate::diff) exploitability: f64,
    pub(in crate::diff) impact: f64,
}

const ATTACK: [(char, f64); 4] = [('N', 0.85), ('A', 0.62), ('L', 0.55), ('P', 0.2)];
const COMPLEXITY: [(char, f64); 2] = [('L', 0.77), ('H', 0.44)];
/// Privileges with their weight when the scope stays and when it changes.
const PRIVILEGES: [(char, f64, f64); 3] = [('N', 0.85, 0.85), ('L', 0.62, 0.68), ('H', 0.27, 0.5)];
const INTERACTION: [(char, f64); 2] = [('N', 0.85), ('R', 0.62)];
const IMPACT: [(char, f64); 3] = [('H', 0.56), ('L', 0.22), ('N', 0.0)];

/// All vectors that have an impact.
static VECTORS: LazyLock<Vec<Vector>> = LazyLock::new(|| {
    let mut vectors = Vec::new();
    for confidentiality in IMPACT {
        for integrity in IMPACT {
            for availability in IMPACT {
                if [confidentiality, integrity, availability].iter().any(|(letter, _)| *letter != 'N') {
                    add(&mut vectors, [confidentiality, integrity, availability]);
                }
            }
        }
    }
    vectors
});

fn add(vectors: &mut Vec<Vector>, impacts: [(char, f64); 3]) {
    let spared: f64 = impacts.iter().map(|(_, weight)| 1.0 - weight).product();
    let [c, i, a] = impacts.map(|(letter, _)| letter);
    for changed in [false, true] {
        let iss = 1.0 - spared;
        let impact = if changed { 7.52 * (iss - 0.029) - 3.25 * (iss - 0.02).powi(15) } else { 6.42 * iss };
        let scope = if changed { 'C' } else { 'U' };
        for (av, attack) in ATTACK {
            for (ac, complexity) in COMPLEXITY {
                for (pr, kept, lost) in PRIVILEGES {
                    for (ui, interaction) in INTERACTION {
                        let privileges = if changed { lost } else { kept };
                        let exploitability = 8.22 * attack * complexity * privileges * interaction;
                        let factor = if changed { 1.08 } else { 1.0 };
                        let text = format!("CVSS:3.1/AV:{av}/AC:{ac}/PR:{pr}/UI:{ui}/S:{scope}/C:{c}/I:{i}/A:{a}");
                        vectors.push(Vector {
                            text,
                            base: rounded((factor * (impact + exploitability)).min(10.0)),
                            exploitability: rounded(exploitability),
                            impact: rounded(impact),
                        });
                    }
                }
            }
        }
    }
}

/// Up to the next tenth.
fn rounded(score: f64) -> f64 {
    let parts = (score * 100_000.0).round() as i64;
    let tenths = if parts % 10_000 == 0 { parts / 10_000 } else { parts / 10_000 + 1 };
    tenths as f64 / 10.0
}

/// No data has what is wanted.
#[derive(Debug, Clone, Copy)]
pub(in crate::diff) struct Unfit;

/// What is wanted of a record's scores; `None`: anything.
#[derive(Debug, Clone, Copy)]
pub(in crate::diff) struct Wanted<'t> {
    pub(in crate::diff) base: Option<&'t Value>,
    pub(in crate::diff) exploitability: Option<&'t Value>,
    pub(in crate::diff) impact: Option<&'t Value>,
}

impl Wanted<'_> {
    /// Scores that fit: a vector, or that there is none (-1 in each).
    pub(in crate::diff) fn found(&self) -> Result<Option<Vector>, Unfit> {
        let fits = |base: f64, exploitability: f64, impact: f64| {
            let fits = |wanted: Option<&Value>, score: f64| wanted.is_none_or(|wanted| wanted.means(score));
            fits(self.base, base) && fits(self.exploitability, exploitability) && fits(self.impact, impact)
        };
        if fits(-1.0, -1.0, -1.0) {
            return Ok(None);
        }
        let found = VECTORS.iter().find(|vector| fits(vector.base, vector.exploitability, vector.impact));
        found.cloned().map(Some).ok_or(Unfit)
    }
}

#[cfg(test)]
mod tests {
    use super::VECTORS;

    #[test]
    fn scores_are_the_published_ones() {
        for (text, base, exploitability, impact) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, 3.9, 5.9),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0, 3.9, 6.1),
            ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 8.8, 2.9, 5.9),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1, 2.9, 2.8),
        ] {
            let vector = VECTORS.iter().find(|vector| vector.text == text).unwrap();
            assert_eq!((vector.base, vector.exploitability, vector.impact), (base, exploitability, impact), "{text}");
        }
    }
}
