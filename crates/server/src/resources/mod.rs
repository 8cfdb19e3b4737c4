//! What there is, one file per resource: its handlers, and the routes to them.

mod absent;
mod accounts;
mod alerts;
mod annotations;
mod api_keys;
mod applications;
mod configurations;
mod contents;
mod corrections;
mod evaluations;
mod event_types;
mod events;
mod feeds;
mod images;
mod imports;
mod integrations;
mod inventories;
mod notifications;
mod policies;
mod queries;
mod registries;
mod repositories;
mod roles;
mod scans;
mod services;
mod settings;
mod sources;
mod subscriptions;
mod tokens;
mod user_groups;
mod users;
mod vulnerabilities;

pub(crate) mod system;

use crate::routes::Routes;

/// All routes below `/v2`.
pub(crate) fn routes() -> Routes {
    let mut all = Routes::default();
    for add in [
        system::routes,
        feeds::routes,
        tokens::routes,
        accounts::routes,
        users::routes,
        api_keys::routes,
        roles::routes,
        images::routes,
        evaluations::routes,
        vulnerabilities::routes,
        contents::routes,
        policies::routes,
        registries::routes,
        repositories::routes,
        settings::routes,
        subscriptions::routes,
        imports::routes,
        sources::routes,
        scans::routes,
        queries::routes,
        events::routes,
        event_types::routes,
        notifications::routes,
        inventories::routes,
        integrations::routes,
        user_groups::routes,
        applications::routes,
        annotations::routes,
        corrections::routes,
        alerts::routes,
        configurations::routes,
        services::routes,
        absent::routes,
    ] {
        add(&mut all);
    }
    all
}
