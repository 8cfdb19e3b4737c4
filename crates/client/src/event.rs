//! Events.

use serde_json::Value;
use stopgate_api_types::event::{EventResponse, EventsList};

use crate::{Client, ClientError, Reply};

/// Which events. Times are RFC 3339.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Name of the service that sent it.
    pub service: Option<String>,
    /// Id of its host.
    pub host: Option<String>,
    /// Type, which may end in `*`.
    pub event_type: Option<String>,
    /// Type of the resource.
    pub resource_type: Option<String>,
    /// Id of the resource.
    pub resource_id: Option<String>,
    /// `INFO` or `ERROR`.
    pub level: Option<String>,
    /// Not before.
    pub since: Option<String>,
    /// Before.
    pub before: Option<String>,
}

impl Client {
    /// One page of events, newest first; pages count from 1.
    pub fn event_list(&self, filter: &EventFilter, page: u64) -> Result<Reply<EventsList>, ClientError> {
        self.get(&["events"])
            .query("source_service_name", filter.service.as_deref())
            .query("source_host_id", filter.host.as_deref())
            .query("event_type", filter.event_type.as_deref())
            .query("resource_type", filter.resource_type.as_deref())
            .query("resource_id", filter.resource_id.as_deref())
            .query("level", filter.level.as_deref())
            .query("since", filter.since.as_deref())
            .query("before", filter.before.as_deref())
            .query("page", Some(&page.to_string()))
            .reply()
    }

    /// One event.
    pub fn event_get(&self, id: &str) -> Result<Reply<EventResponse>, ClientError> {
        self.get(&["events", id]).reply()
    }

    /// Deletes one event.
    pub fn event_delete(&self, id: &str) -> Result<(), ClientError> {
        self.delete(&["events", id]).done()
    }

    /// Deletes events by time and level; the answer holds their ids.
    pub fn events_delete(&self, filter: &EventFilter) -> Result<Reply<Value>, ClientError> {
        self.delete(&["events"])
            .query("since", filter.since.as_deref())
            .query("before", filter.before.as_deref())
            .query("level", filter.level.as_deref())
            .reply()
    }
}
