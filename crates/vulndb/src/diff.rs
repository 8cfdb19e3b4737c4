//! What changed between two builds: the names whose rows differ, told by content hashes.

use std::collections::HashMap;

use crate::file::layout::CPE_SCOPE;
use crate::scope::ScopeKind;
use crate::{Database, ScopeId};

/// How a name's rows changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    /// Only the newer build has rows.
    Added,
    /// Only the older build has rows.
    Removed,
    /// The rows differ.
    Changed,
}

/// A name whose rows differ.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangedName {
    /// Where: `debian:12`, `npm`, or `cpe` for products of CPEs.
    pub scope: String,
    /// Package name, or product, folded as it is looked up.
    pub name: String,
    /// How.
    pub change: Change,
    /// The scope in the newer build; `None` for products of CPEs and for scopes that only the older build has.
    pub scope_id: Option<ScopeId>,
}

impl Database {
    /// Names whose rows differ from those of an older build, sorted. What only shows up in details (texts, scores,
    /// exploit predictions) is no difference.
    pub fn changes_since(&self, older: &Self) -> Vec<ChangedName> {
        let mut before: HashMap<(String, &str), u64> = older.contents().map(|(_, key, hash)| (key, hash)).collect();
        let mut changes = Vec::new();
        let mut ids: HashMap<String, Option<ScopeId>> = HashMap::new();
        for (scope_id, (scope, name), hash) in self.contents() {
            ids.entry(scope.clone()).or_insert(scope_id);
            let key = (scope, name);
            let change = match before.remove(&key) {
                None => Change::Added,
                Some(old) if old != hash => Change::Changed,
                Some(_) => continue,
            };
            changes.push(ChangedName { scope: key.0, name: name.to_owned(), change, scope_id });
        }
        for (scope, name) in before.into_keys() {
            let scope_id = ids.get(&scope).copied().flatten();
            changes.push(ChangedName { scope, name: name.to_owned(), change: Change::Removed, scope_id });
        }
        changes.sort();
        changes
    }

    fn contents(&self) -> impl Iterator<Item = (Option<ScopeId>, (String, &str), u64)> + '_ {
        let labels: Vec<String> = self.scopes().map(|(_, kind, _)| label(kind)).collect();
        (0..self.index.keys()).filter_map(move |number| {
            // A CPE may be known without a row about it.
            let key = self.index.key(number).filter(|key| key.rows > 0)?;
            let (folded, hash) = self.index.key_content(number)?;
            let (scope, id) = match labels.get(key.scope as usize) {
                Some(label) => (label.clone(), Some(ScopeId(key.scope))),
                None if key.scope == CPE_SCOPE => ("cpe".to_owned(), None),
                None => return None,
            };
            Some((id, (scope, folded), hash))
        })
    }
}

fn label(kind: &ScopeKind) -> String {
    match kind {
        ScopeKind::Os(release) => format!("{}:{}", release.name, release.version()),
        ScopeKind::Ecosystem(ecosystem) => ecosystem.to_ascii_lowercase(),
    }
}
