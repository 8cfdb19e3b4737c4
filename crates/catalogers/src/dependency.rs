//! Edges between packages of one ecosystem from what each provides and requires.

use std::collections::{HashMap, HashSet};

/// What one package provides and requires: names of packages, files or other things that mean something
/// in its ecosystem, compared as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Claims<'a> {
    /// What others may require of it.
    pub provides: Vec<&'a str>,
    /// What it requires of others.
    pub requires: Vec<&'a str>,
}

/// All edges (dependency, dependent), as positions in `packages`, sorted. Every package that provides
/// what another requires is a dependency of it; nothing depends on itself.
pub(crate) fn resolve(packages: &[Claims<'_>]) -> Vec<(usize, usize)> {
    let mut providers: HashMap<&str, Vec<usize>> = HashMap::new();
    for (position, package) in packages.iter().enumerate() {
        for name in &package.provides {
            let all = providers.entry(name).or_default();
            if all.last() != Some(&position) {
                all.push(position);
            }
        }
    }
    let mut edges = HashSet::new();
    for (dependent, package) in packages.iter().enumerate() {
        for name in &package.requires {
            for provider in providers.get(name).into_iter().flatten().filter(|provider| **provider != dependent) {
                edges.insert((*provider, dependent));
            }
        }
    }
    let mut edges: Vec<_> = edges.into_iter().collect();
    edges.sort_unstable();
    edges
}

#[cfg(test)]
mod tests {
    use super::{Claims, resolve};

    #[test]
    fn every_provider_is_a_dependency_once() {
        let of = |provides: &[&'static str], requires: &[&'static str]| Claims {
            provides: provides.to_vec(),
            requires: requires.to_vec(),
        };
        let packages =
            [of(&["a", "mail"], &[]), of(&["b", "mail"], &["a"]), of(&["c", "c"], &["mail", "a", "c", "none"])];
        assert_eq!(resolve(&packages), [(0, 1), (0, 2), (1, 2)]);
    }
}
