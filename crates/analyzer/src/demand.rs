//! What this analysis is asked for beyond what every analysis finds: files whose content policies read, and
//! searches in contents.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use stopgate_archive::clean_path;
use stopgate_inspectors::{ContentSearch, RETRIEVED_PATHS};
use stopgate_model::{Digest, Gap, GapCode, limits};

use crate::analyze::AnalyzeOptions;
use crate::layer::Writer;

/// What is asked for.
pub(crate) struct Demand {
    /// Cleaned paths without leading slash, sorted.
    retrieved: Vec<String>,
    /// How many more files were asked for than are kept.
    refused: u64,
    pub(crate) content: Option<ContentSearch>,
}

impl Default for Demand {
    /// What every analysis finds.
    fn default() -> Self {
        Self::retrieving(&[])
    }
}

impl Demand {
    pub(crate) fn new(options: &AnalyzeOptions<'_>) -> Self {
        Self { content: options.content_search.clone(), ..Self::retrieving(&options.retrieve) }
    }

    /// What policies always read, and these paths.
    fn retrieving(retrieve: &[String]) -> Self {
        let always: BTreeSet<&str> = RETRIEVED_PATHS.iter().map(|path| path.trim_start_matches('/')).collect();
        // A path that is refused can name no file of a tree, and the root is none.
        let asked = retrieve.iter().filter_map(|path| clean_path(path.as_bytes()).ok());
        let asked: BTreeSet<String> =
            asked.filter(|path| !path.is_empty() && !always.contains(path.as_str())).collect();
        let room = (limits::RETRIEVED_FILES as usize).saturating_sub(always.len());
        let refused = asked.len().saturating_sub(room) as u64;
        let mut retrieved: Vec<String> = asked.into_iter().take(room).collect();
        retrieved.extend(always.into_iter().map(str::to_owned));
        retrieved.sort_unstable();
        Self { retrieved, refused, content: None }
    }

    /// Whether the content of the file at this path (without leading slash) is kept.
    pub(crate) fn retrieves(&self, path: &str) -> bool {
        self.retrieved.binary_search_by(|wanted| wanted.as_str().cmp(path)).is_ok()
    }

    /// The paths whose content is kept, without leading slash.
    pub(crate) fn retrieved(&self) -> impl Iterator<Item = &str> {
        self.retrieved.iter().map(String::as_str)
    }

    /// Tells the facts of a layer that this analysis needs from those of others; empty when they are those
    /// of every analysis.
    pub(crate) fn key(&self) -> String {
        if self.content.is_none() && self.retrieved == Self::default().retrieved {
            return String::new();
        }
        let mut writer = Writer::default();
        writer.list(&self.retrieved, |w, path| w.text(path));
        writer.option(self.content.as_ref(), |w, search| {
            w.list(search.entries(), |w, entry| {
                w.text(&entry.name);
                w.text(&entry.pattern);
            });
        });
        Digest::sha256(&Sha256::digest(&writer.bytes).into()).hex().to_owned()
    }

    /// What of it could not be taken.
    pub(crate) fn gap(&self) -> Option<Gap> {
        let limit = limits::RETRIEVED_FILES;
        let message = format!("{} of the files that the policy reads were not kept: they are too many", self.refused);
        (self.refused > 0).then(|| Gap::new(GapCode::RetrievedFiles, message).limited(limit, limit + self.refused))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use stopgate_inspectors::ContentSearch;
    use stopgate_model::limits;

    use super::Demand;

    fn demand(paths: &[&str]) -> Demand {
        Demand::retrieving(&paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>())
    }

    fn searching(entries: &[&str]) -> Demand {
        Demand { content: Some(ContentSearch::new(entries).unwrap()), ..Demand::default() }
    }

    #[test]
    fn paths_are_cleaned_and_stand_beside_what_is_always_read() {
        let asked = demand(&["/etc//shadow", "etc/./shadow", "/a/../../b", "/", "", "/etc/passwd"]);
        assert_eq!(asked.retrieved().collect::<Vec<_>>(), ["b", "etc/passwd", "etc/shadow"]);
        assert!(asked.retrieves("etc/shadow") && !asked.retrieves("etc/shadow2") && !asked.retrieves("/etc/shadow"));
        assert!(asked.gap().is_none());
    }

    #[test]
    fn the_key_names_the_set() {
        assert_eq!(demand(&[]).key(), "");
        assert_eq!(demand(&["/etc/passwd"]).key(), "");
        assert_eq!(demand(&["/a", "/b"]).key(), demand(&["/b", "//a"]).key());
        assert_eq!(searching(&["A=b", "c"]).key(), searching(&["c", "A=b"]).key());
        let paths = [demand(&["/a"]), demand(&["/b"]), demand(&["/a", "/b"]), demand(&["/a/b"])];
        let searches = [searching(&[]), searching(&["A=b"]), searching(&["b"]), searching(&["A=b", "b"])];
        let keys: BTreeSet<String> = paths.iter().chain(&searches).map(Demand::key).collect();
        assert_eq!((keys.len(), keys.contains("")), (8, false));
    }

    #[test]
    fn more_than_the_limit_is_told() {
        let paths: Vec<String> = (0..limits::RETRIEVED_FILES + 4).map(|number| format!("/{number}")).collect();
        let asked = Demand::retrieving(&paths);
        assert_eq!(asked.retrieved().count() as u64, limits::RETRIEVED_FILES);
        assert!(asked.retrieves("etc/passwd"), "what is always read stays");
        assert_eq!(asked.gap().unwrap().seen, Some(limits::RETRIEVED_FILES + 5));
    }
}
