//! Archived analyses and the rules that move them. Their shapes have no wire structs, so bodies are plain JSON.

use serde_json::{Value, json};

use crate::{Client, ClientError, Reply};

impl Client {
    /// Archives analyses.
    pub fn archive_image_add(&self, digests: &[String]) -> Result<Reply<Value>, ClientError> {
        self.post(&["archives", "images"]).json(&json!(digests)).reply()
    }

    /// Lists archived analyses.
    pub fn archive_image_list(&self) -> Result<Reply<Value>, ClientError> {
        self.get(&["archives", "images"]).reply()
    }

    /// One archived analysis.
    pub fn archive_image_get(&self, digest: &str) -> Result<Reply<Value>, ClientError> {
        self.get(&["archives", "images", digest]).reply()
    }

    /// Deletes an archived analysis.
    pub fn archive_image_delete(&self, digest: &str, force: bool) -> Result<(), ClientError> {
        self.delete(&["archives", "images", digest]).flag("force", force).done()
    }

    /// Lists rules; `global` with those of the whole system.
    pub fn archive_rule_list(&self, global: bool) -> Result<Reply<Value>, ClientError> {
        self.get(&["archives", "rules"]).flag("system_global", global).reply()
    }

    /// Adds a rule.
    pub fn archive_rule_add(&self, rule: &Value) -> Result<Reply<Value>, ClientError> {
        self.post(&["archives", "rules"]).json(rule).reply()
    }

    /// One rule.
    pub fn archive_rule_get(&self, id: &str) -> Result<Reply<Value>, ClientError> {
        self.get(&["archives", "rules", id]).reply()
    }

    /// Deletes a rule.
    pub fn archive_rule_delete(&self, id: &str) -> Result<(), ClientError> {
        self.delete(&["archives", "rules", id]).done()
    }
}
