//! Corrections of what packages are identified as.

use serde_json::Value;
use stopgate_store::document::{self, DocumentRow};
use uuid::Uuid;

use crate::{Caller, Service, ServiceError, clock};

const KIND: &str = "correction";

impl Service {
    /// Corrections of the account.
    pub async fn corrections(&self, caller: &Caller) -> Result<Vec<DocumentRow>, ServiceError> {
        Ok(document::list(self.store().read(), caller.account_id(), KIND, None).await?)
    }

    /// The correction with this id.
    pub async fn correction(&self, caller: &Caller, uuid: &str) -> Result<DocumentRow, ServiceError> {
        let found = document::find(self.store().read(), caller.account_id(), KIND, uuid).await?;
        found.ok_or_else(|| ServiceError::not_found(format!("there is no correction {uuid} in the account")))
    }

    /// Adds a correction.
    pub async fn add_correction(&self, caller: &Caller, body: Value) -> Result<DocumentRow, ServiceError> {
        check(&body)?;
        let now = clock::now();
        let row = DocumentRow {
            uuid: Uuid::new_v4().to_string(),
            item: String::new(),
            body,
            blob: None,
            created_at: now,
            updated_at: now,
        };
        self.keep_document(caller, KIND, &row).await?;
        Ok(row)
    }

    /// Replaces a correction.
    pub async fn update_correction(
        &self,
        caller: &Caller,
        uuid: &str,
        body: Value,
    ) -> Result<DocumentRow, ServiceError> {
        check(&body)?;
        let known = self.correction(caller, uuid).await?;
        let row = DocumentRow { body, updated_at: clock::now(), ..known };
        self.keep_document(caller, KIND, &row).await?;
        Ok(row)
    }

    /// Deletes a correction.
    pub async fn delete_correction(&self, caller: &Caller, uuid: &str) -> Result<(), ServiceError> {
        self.correction(caller, uuid).await?;
        let tx = self.store().begin().await?;
        document::delete(tx.db(), caller.account_id(), KIND, uuid).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn keep_document(
        &self,
        caller: &Caller,
        kind: &str,
        row: &DocumentRow,
    ) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        document::put(tx.db(), caller.account_id(), kind, row).await?;
        Ok(tx.commit().await?)
    }
}

/// Refuses a correction that could change nothing.
fn check(body: &Value) -> Result<(), ServiceError> {
    let fields = |path: &str| body.pointer(path).and_then(Value::as_array).cloned().unwrap_or_default();
    let replaced = fields("/replace");
    if replaced.is_empty() {
        return Err(ServiceError::invalid("`replace` is empty: expected at least one field"));
    }
    for field in replaced.iter().chain(&fields("/match/field_matches")) {
        let name = field.get("field_name").and_then(Value::as_str).unwrap_or_default();
        if name.trim().is_empty() {
            return Err(ServiceError::invalid("a `field_name` is empty"));
        }
    }
    Ok(())
}
