//! The catalogue of event types: those that this server writes.

use stopgate_api_types::event::{EventCategory, EventDescription, EventSubcategory, EventTypesList};
use stopgate_service::permission::granted;

use crate::answer::Answer;
use crate::call::Call;
use crate::error::ApiError;
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/event-types", list);
}

/// Type, what it is about, and what it says.
type Row = (&'static str, &'static str, &'static str);

/// A part of a category: its name, what it is, and its types.
type Part = (&'static str, &'static str, &'static [Row]);
/// Categories with their parts.
const CATALOGUE: [(&str, &str, &[Part]); 2] = [
    (
        "user",
        "What happened to things of an account",
        &[
            (
                "checks",
                "Verdicts and vulnerabilities",
                &[
                    ("user.checks.tag.policy_evaluation.update", "image_tag", "The final action of a tag changed"),
                    ("user.checks.tag.vulnerabilities.update", "image_tag", "The vulnerabilities of a tag changed"),
                ],
            ),
            (
                "image",
                "Images",
                &[
                    ("user.image.analysis.completed", "image_digest", "An image was analysed"),
                    ("user.image.analysis.failed", "image_digest", "An image could not be analysed"),
                    ("user.image.deleted", "image_digest", "An image was deleted"),
                    ("user.image.tag.updated", "image_tag", "A watched tag names another image"),
                ],
            ),
            (
                "policy",
                "Policies",
                &[
                    ("user.policy.active.updated", "policy_bundle", "Another policy is active"),
                    ("user.policy.active.content_change", "policy_bundle", "The active policy was changed"),
                ],
            ),
            (
                "repository",
                "Repositories",
                &[("user.repository.tags.added", "repository", "A watched repository has new tags")],
            ),
        ],
    ),
    (
        "system",
        "What happened to the installation",
        &[
            (
                "image_analysis",
                "Reading images from registries",
                &[(
                    "system.image_analysis.registry_lookup_failed",
                    "image_reference",
                    "A watched tag could not be read from its registry",
                )],
            ),
            (
                "repository",
                "Listing repositories",
                &[("system.repository.list_tags_fail", "repository", "The tags of a repository could not be listed")],
            ),
            (
                "feeds",
                "Vulnerability data",
                &[
                    ("system.feeds.sync.started", "feeds", "Vulnerability data is being taken in"),
                    ("system.feeds.sync.completed", "feeds", "Vulnerability data is in use"),
                    ("system.feeds.sync.failed", "feeds", "Vulnerability data was not taken"),
                ],
            ),
            (
                "test",
                "Tests of notifications",
                &[("system.test.random_wisdom", "wisdom", "A sample that is sent to an endpoint")],
            ),
        ],
    ),
];

async fn list(_: Call<granted::ListEvents>) -> Result<Answer<EventTypesList>, ApiError> {
    let text = |text: &str| Some(text.to_owned());
    let event = |(kind, resource, message): &Row| EventDescription {
        name: text(kind.rsplit('.').next().unwrap_or_default()),
        kind: text(kind),
        message: text(message),
        resource_type: text(resource),
    };
    let part = |(name, description, events): &Part| EventSubcategory {
        name: text(name),
        description: text(description),
        events: events.iter().map(event).collect(),
    };
    let category = |(name, description, parts): &(&str, &str, &[Part])| EventCategory {
        name: text(name),
        description: text(description),
        subcategories: parts.iter().map(part).collect(),
    };
    Ok(Answer(EventTypesList(CATALOGUE.iter().map(category).collect())))
}
