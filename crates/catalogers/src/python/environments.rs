//! Which installed packages see each other: those of one `site-packages` folder, and those of a virtual
//! environment with the folder of the interpreter it was made with, if `pyvenv.cfg` says so (PEP 405).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// What `pyvenv.cfg` says.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Environment {
    version: String,
    system_site_packages: bool,
}

impl Environment {
    pub(super) fn read(text: &str) -> Self {
        let mut environment = Self::default();
        for (key, value) in
            text.lines().filter(|line| !line.trim_start().starts_with('#')).filter_map(|line| line.split_once('='))
        {
            match key.trim() {
                "version" => value.trim().clone_into(&mut environment.version),
                "include-system-site-packages" => {
                    environment.system_site_packages = value.trim().eq_ignore_ascii_case("true");
                }
                _ => {}
            }
        }
        environment
    }

    /// `3.11` of `3.11.4`.
    fn series(&self) -> &str {
        let mut dots = self.version.match_indices('.').map(|(at, _)| at);
        match (dots.next(), dots.next()) {
            (Some(_), Some(second)) => self.version.get(..second).unwrap_or(""),
            (Some(_), None) => &self.version,
            _ => "",
        }
    }
}

/// The `site-packages` or `dist-packages` folder that a file lies in, without leading slash; empty when
/// it lies in none.
pub(super) fn site_of(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    parts.pop();
    while parts.last().is_some_and(|part| !matches!(*part, "site-packages" | "dist-packages")) {
        parts.pop();
    }
    parts.join("/")
}

/// Packages by folder and name; of two with one name in a folder the last counts.
pub(super) type Sites = BTreeMap<String, BTreeMap<String, usize>>;

/// The groups of packages that see each other, each as positions.
pub(super) fn groups(sites: &Sites, environments: &[(String, Environment)]) -> Vec<Vec<usize>> {
    let mut global: BTreeSet<&str> = sites.keys().map(String::as_str).collect();
    let mut virtual_sites = Vec::new();
    for (path, environment) in environments {
        let folder = path.trim_start_matches('/').rsplit_once('/').map_or("", |(folder, _)| folder);
        let wanted = format!("{folder}/lib/python{}/site-packages", environment.series());
        let site = only(sites.keys().filter(|site| site.contains(&wanted)));
        if let Some(site) = site {
            global.remove(site.as_str());
        }
        virtual_sites.push((environment, site));
    }
    let mut groups: Vec<Vec<usize>> = global.iter().map(|site| members(sites, &[site])).collect();
    for (environment, site) in virtual_sites {
        let mut visible: Vec<&str> = site.map(String::as_str).into_iter().collect();
        if environment.system_site_packages {
            let folder = format!("python{}", environment.series());
            let is_system = |site: &&&str| site.rsplit('/').nth(1) == Some(&folder) && site.ends_with("-packages");
            visible.extend(only(global.iter().filter(is_system)).copied());
        }
        groups.push(members(sites, &visible));
    }
    groups
}

/// Packages of these folders; of a name in two the earlier folder's.
fn members(sites: &Sites, visible: &[&str]) -> Vec<usize> {
    let mut seen = BTreeMap::new();
    for (name, position) in visible.iter().filter_map(|site| sites.get(*site)).flatten() {
        seen.entry(name).or_insert(*position);
    }
    seen.into_values().collect()
}

/// The only element; nothing can be told from several.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    all.next().filter(|_| all.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::{Environment, Sites, groups, site_of};

    #[test]
    fn environments_see_their_own_packages_and_the_systems_when_allowed() {
        assert_eq!(site_of("/usr/lib/python3/dist-packages/x.dist-info/METADATA"), "usr/lib/python3/dist-packages");
        assert_eq!(site_of("/opt/x.dist-info/METADATA"), "");
        let mut sites = Sites::new();
        for (position, (site, name)) in [
            ("usr/lib/python3.11/site-packages", "a"),
            ("usr/lib/python3.11/site-packages", "b"),
            ("srv/venv/lib/python3.11/site-packages", "a"),
            ("srv/open/lib/python3.11/site-packages", "a"),
        ]
        .into_iter()
        .enumerate()
        {
            sites.entry(site.to_owned()).or_default().insert(name.to_owned(), position);
        }
        let environments = [
            ("/srv/venv/pyvenv.cfg".to_owned(), Environment::read("# x\nversion = 3.11.4\nhome=/usr/bin\n")),
            (
                "/srv/open/pyvenv.cfg".to_owned(),
                Environment::read("version = 3.11\ninclude-system-site-packages = True"),
            ),
        ];
        assert_eq!(groups(&sites, &environments), [vec![0, 1], vec![2], vec![3, 1]]);
    }
}
