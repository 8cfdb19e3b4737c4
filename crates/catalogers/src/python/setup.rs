//! `setup.py`: literal requirements of the form `'name==version'`. The program is not run, so what it
//! computes is not seen.

use std::sync::LazyLock;

use regex::Regex;

use super::declared::Pinned;

/// A pinned requirement in quotes, or alone on its line.
#[expect(clippy::unwrap_used, reason = "the pattern is constant and a test compiles it")]
static PIN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"['"]\W?(?<quoted>\w+)\W?==\W?(?<version>[\w.]*)|^\s*(?<bare>\w+)\s*==\s*(?<alone>[\w.-]+)"#).unwrap()
});

pub(super) fn read(text: &str) -> Vec<Pinned> {
    let mut all: Vec<Pinned> = Vec::new();
    for pin in text.lines().flat_map(|line| PIN.captures_iter(line)) {
        // The program fills these in when it runs.
        if pin.get(0).is_some_and(|whole| whole.as_str().contains("%s")) {
            continue;
        }
        let part = |one: &str, other: &str| pin.name(one).or_else(|| pin.name(other)).map_or("", |part| part.as_str());
        let (name, version) = (part("quoted", "bare"), part("version", "alone"));
        let known = all.iter().any(|one| one.name == name && one.version == version);
        if !name.is_empty() && !version.is_empty() && !known {
            all.push(Pinned { name: name.to_owned(), version: version.to_owned(), ..Pinned::default() });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn only_literal_pins_count() {
        let found = read(
            "install_requires=[\n 'pathlib3==2.2.0;python_version<\"3.6\"', \"my_py == v0.770\",\n 'x>=1',\n'%s==%s' % x]\nbare==1.0-1\n",
        );
        let rows: Vec<_> = found.iter().map(|pin| (pin.name.as_str(), pin.version.as_str())).collect();
        assert_eq!(rows, [("pathlib3", "2.2.0"), ("my_py", "v0.770"), ("bare", "1.0-1")]);
    }
}
