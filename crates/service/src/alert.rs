//! Alerts: tags that break their policy, until they no longer do.

use serde_json::{Value, json};
use stopgate_store::account::Account;
use stopgate_store::document::{self, DocumentRow};
use stopgate_store::evaluation::EvaluationRow;
use stopgate_store::image::Image;
use stopgate_store::tag::Tag;
use stopgate_store::{Db, subscription};
use uuid::Uuid;

use crate::{Caller, Service, ServiceError, clock};

const KIND: &str = "alert";

/// Whether an alert still holds.
pub fn is_open(alert: &DocumentRow) -> bool {
    alert.body.get("state").and_then(Value::as_str) == Some("open")
}

fn closed(alert: &DocumentRow, by: &str, reason: &str) -> DocumentRow {
    let mut body = alert.body.clone();
    if let Some(members) = body.as_object_mut() {
        members.insert("state".to_owned(), "closed".into());
        members.insert("closed_by".to_owned(), by.into());
        members.insert("closed_reason".to_owned(), reason.into());
    }
    DocumentRow { body, updated_at: clock::now(), ..alert.clone() }
}

impl Service {
    /// Opens, renews or closes the alert of a tag, as its newest decision says.
    pub(crate) async fn alert(
        &self,
        db: Db<'_>,
        account: &Account,
        (image, tag): (&Image, &Tag),
        (evaluation, row): (i64, &EvaluationRow),
        violations: i64,
    ) -> Result<(), ServiceError> {
        let full = tag.full();
        let known = document::list(db, account.id, KIND, Some(&full)).await?;
        let open = known.iter().find(|alert| is_open(alert));
        if row.final_action != "stop" {
            if let Some(open) = open {
                let over = closed(open, "system", "the tag does not break its policy any more");
                document::put(db, account.id, KIND, &over).await?;
            }
            return Ok(());
        }
        let evaluation = evaluation.to_string();
        let same = |alert: &DocumentRow| alert.body.pointer("/resource/evaluation_id") == Some(&json!(evaluation));
        // Whoever closed an alert knows about this decision, which need not be told again.
        if open.is_none() && known.iter().any(same) {
            return Ok(());
        }
        let watched = subscription::list(db, account.id, Some(&full), Some("alerts")).await?;
        if open.is_none() && !watched.iter().any(|subscription| subscription.active) {
            return Ok(());
        }
        let now = clock::now();
        let body = json!({
            "state": "open",
            "resource": {
                "image_digest": image.digest, "policy_id": row.policy_id, "image_tag": full,
                "registry": tag.registry, "repository": tag.repository, "evaluation_id": evaluation,
                "evaluated_at": row.evaluated_at.to_string(),
            },
            "compliance_status_reason": "policy_evaluation",
            "violations_count": violations,
        });
        let new = DocumentRow {
            uuid: open.map_or_else(|| Uuid::new_v4().to_string(), |open| open.uuid.clone()),
            item: full,
            body,
            blob: None,
            created_at: open.map_or(now, |open| open.created_at),
            updated_at: now,
        };
        Ok(document::put(db, account.id, KIND, &new).await?)
    }

    /// Alerts of the account, the newest first.
    pub async fn alerts(&self, caller: &Caller) -> Result<Vec<DocumentRow>, ServiceError> {
        let mut all = document::list(self.store().read(), caller.account_id(), KIND, None).await?;
        all.reverse();
        Ok(all)
    }

    /// The alert with this id.
    pub async fn alert_with(&self, caller: &Caller, uuid: &str) -> Result<DocumentRow, ServiceError> {
        let found = document::find(self.store().read(), caller.account_id(), KIND, uuid).await?;
        found.ok_or_else(|| ServiceError::not_found(format!("there is no alert {uuid} in the account")))
    }

    /// Opens or closes an alert by hand.
    pub async fn set_alert(&self, caller: &Caller, uuid: &str, open: bool) -> Result<DocumentRow, ServiceError> {
        let known = self.alert_with(caller, uuid).await?;
        let row = if open {
            let mut body = known.body.clone();
            if let Some(members) = body.as_object_mut() {
                members.insert("state".to_owned(), "open".into());
                members.remove("closed_by");
                members.remove("closed_reason");
            }
            DocumentRow { body, updated_at: clock::now(), ..known }
        } else {
            closed(&known, &caller.user.name, "closed by a user")
        };
        self.keep_document(caller, KIND, &row).await?;
        Ok(row)
    }
}
