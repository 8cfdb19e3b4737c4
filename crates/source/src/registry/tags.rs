//! The tags of a repository (distribution-spec, "Listing Tags"), page by page.

use std::collections::BTreeSet;
use std::sync::Arc;

use reqwest::Url;
use reqwest::header::{HeaderMap, LINK};
use serde::Deserialize;
use stopgate_model::ImageReference;

use super::http::{self, Patience};
use super::{Registry, location};
use crate::{SourceError, SourceOptions};

/// Tags that are asked for at once.
const PAGE: usize = 1_000;
/// Pages of one list.
const PAGES: usize = 10_000;
/// Bytes of one page: registries that ignore the wished size send all in one.
const PAGE_BYTES: u64 = 16 << 20;
/// Characters of a tag (distribution-spec).
const TAG: usize = 128;

/// The tags of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagList {
    /// In alphabetical order, each once.
    pub tags: Vec<String>,
    /// Whether there are more than were asked for.
    pub cut: bool,
}

#[derive(Deserialize)]
struct Page {
    /// `null` where a repository has no tags left.
    #[serde(default)]
    tags: Option<Vec<String>>,
}

/// The tags of a repository, at most `limit` of them.
pub fn list_tags(reference: &ImageReference, options: &SourceOptions, limit: usize) -> Result<TagList, SourceError> {
    list_with(reference, options, limit, Patience::default())
}

pub(super) fn list_with(
    reference: &ImageReference,
    options: &SourceOptions,
    limit: usize,
    patience: Patience,
) -> Result<TagList, SourceError> {
    if options.offline {
        return Err(SourceError::Offline { what: reference.to_string() });
    }
    let registry = Registry::connect(reference, options, patience)?;
    let what = format!("{}/{}", reference.registry, location(reference).1);
    let mut url = registry.session.url("tags", &format!("list?n={PAGE}"))?;
    let mut tags = BTreeSet::new();
    for _ in 0..PAGES {
        let (page, next) = read_page(&registry, &url, &what)?;
        let before = tags.len();
        // What is no tag cannot be pulled, and must not reach a name that is put together from it.
        tags.extend(page.tags.unwrap_or_default().into_iter().filter(|tag| is_tag(tag)));
        if tags.len() > limit {
            return Ok(TagList { tags: tags.into_iter().take(limit).collect(), cut: true });
        }
        match next {
            Some(next) if tags.len() > before => url = next,
            Some(_) => return Err(SourceError::malformed(what, "its list of tags repeats itself")),
            None => return Ok(TagList { tags: tags.into_iter().collect(), cut: false }),
        }
    }
    Err(SourceError::Limit { what, seen: PAGES as u64 + 1, limit: PAGES as u64, unit: "pages" })
}

fn read_page(registry: &Registry, url: &Url, what: &str) -> Result<(Page, Option<Url>), SourceError> {
    let (session, url, what) = (Arc::clone(&registry.session), url.clone(), what.to_owned());
    registry.threads.run(async move {
        let response = session.get(&url, Some("application/json"), 0).await?;
        if !response.status().is_success() {
            return Err(session.refused(response, &what).await);
        }
        let next = next(&url, response.headers());
        let bytes = http::body(response, PAGE_BYTES).await.map_err(|error| session.unreachable(error.reason))?;
        let limit = PAGE_BYTES;
        let bytes = bytes.ok_or(SourceError::Limit { what: what.clone(), seen: limit + 1, limit, unit: "bytes" })?;
        let page = serde_json::from_slice(&bytes);
        Ok((page.map_err(|_| SourceError::malformed(what, "its list of tags is no JSON"))?, next))
    })?
}

/// The next page, which lies at the same host and path or is none.
fn next(from: &Url, headers: &HeaderMap) -> Option<Url> {
    let link = headers.get(LINK)?.to_str().ok()?;
    let (address, parameters) = link.strip_prefix('<')?.split_once('>')?;
    let next = from.join(address).ok()?;
    let relation = parameters.replace([' ', '"'], "");
    (relation.contains("rel=next") && next.origin() == from.origin() && next.path() == from.path()).then_some(next)
}

fn is_tag(text: &str) -> bool {
    let first = text.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && text.len() <= TAG
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use stopgate_model::ImageReference;

    use super::super::http::Patience;
    use super::super::tests::server::{Answer, Asked, Server};
    use super::{TagList, list_with};
    use crate::{SourceError, SourceOptions};

    fn list(server: &Server, limit: usize) -> Result<TagList, SourceError> {
        let reference = ImageReference::parse(&format!("{}/team/app", server.host())).unwrap();
        let patience = Patience { attempts: 2, pause: Duration::ZERO };
        list_with(&reference, &SourceOptions::default(), limit, patience)
    }

    fn page(tags: &[&str]) -> Answer {
        Answer::ok(json!({"name": "team/app", "tags": tags}).to_string().as_bytes())
    }

    fn serve(pages: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Server {
        Server::start(move |asked: &Asked| match asked.path.strip_prefix("/v2/team/app/tags/list?") {
            Some(query) => pages(query),
            None if asked.path == "/v2/" => Answer::ok(b"{}"),
            None => Answer::status(404),
        })
    }

    #[test]
    fn pages_follow_one_another() {
        let server = serve(|query| match query {
            "n=1000" => page(&["2", "1"]).header("Link", "</v2/team/app/tags/list?n=2&last=2>; rel=\"next\""),
            "n=2&last=2" => page(&["10", "latest", "../x", "a b", ""]),
            _ => Answer::status(404),
        });
        let found = list(&server, 10).unwrap();
        assert_eq!((found.tags, found.cut), (["1", "10", "2", "latest"].map(str::to_owned).to_vec(), false));
        let cut = list(&server, 1).unwrap();
        assert_eq!((cut.tags.len(), cut.cut), (1, true));
    }

    #[test]
    fn a_list_that_never_ends_is_refused() {
        let server = serve(|_| page(&["1"]).header("Link", "</v2/team/app/tags/list?n=1000>; rel=next"));
        assert!(list(&server, 10).unwrap_err().to_string().contains("repeats itself"));
    }

    #[test]
    fn another_host_is_not_asked_for_the_next_page() {
        let server = serve(|_| page(&["1"]).header("Link", "<http://192.0.2.1/v2/team/app/tags/list>; rel=\"next\""));
        assert_eq!(list(&server, 10).unwrap().tags, ["1"]);
        assert!(server.asked().len() <= 2);
    }

    #[test]
    fn no_tags_and_no_repository() {
        let server = serve(|_| Answer::ok(br#"{"name": "team/app", "tags": null}"#));
        assert_eq!(list(&server, 10).unwrap(), TagList::default());
        let server = serve(|_| Answer::status(404));
        assert!(matches!(list(&server, 10), Err(SourceError::NotInRegistry { .. })));
        let server = serve(|_| Answer::ok(b"<html>"));
        assert!(list(&server, 10).unwrap_err().to_string().contains("no JSON"));
    }
}
