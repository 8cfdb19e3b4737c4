//! The wire structs of the v2 API, each once: server, client and OpenAPI document all use these.
//!
//! One module per resource, names as in the published document. Required fields are plain; optional ones are left
//! out when they are `None`; lists of replies are always sent. Where the document allows null, replies send it. Requests
//! ignore keys that they do not know, except in a policy body. There is no logic here beyond what a single field may
//! hold: that several fields fit together is for the service to check.

mod bounds;
mod words;

pub mod account;
pub mod action;
pub mod alert;
pub mod ancestor;
pub mod annotation;
pub mod api_key;
pub mod application;
pub mod configuration;
pub mod content;
pub mod contract;
pub mod correction;
pub mod ecs;
pub mod error;
pub mod evaluation;
pub mod event;
pub mod feed;
pub mod image;
pub mod import;
pub mod integration;
pub mod inventory;
pub mod kubernetes;
pub mod lifecycle;
pub mod notification;
pub mod openapi;
pub mod policy;
pub mod query;
pub mod rbac;
pub mod registry;
pub mod saml;
pub mod sbom;
pub mod scan;
pub mod search;
pub mod secret;
pub mod settings;
pub mod source;
pub mod spec;
pub mod stig;
pub mod subscription;
pub mod summary;
pub mod system;
pub mod token;
pub mod user;
pub mod user_group;
pub mod vulnerability;
pub mod webhook;
