//! Keeping a decision, and telling whom it changes something for.

use serde_json::{Value, json};
use stopgate_store::account::Account;
use stopgate_store::evaluation::{self, EvaluationRow, Subject};
use stopgate_store::image::Image;
use stopgate_store::tag::{self, Tag, TagSummary};
use stopgate_store::{Db, subscription};

use super::Made;
use crate::events::Happened;
use crate::{Service, ServiceError};

impl Service {
    /// Keeps a decision: as a new row when its outcome is another than before, with the events that follow from that.
    pub(super) async fn keep_decision(
        &self,
        db: Db<'_>,
        account: &Account,
        image: &Image,
        tag: &Tag,
        made: &Made,
    ) -> Result<(), ServiceError> {
        let full = tag.full();
        let subject = Subject { kind: "image", id: image.id.0, tag: &full };
        let document = self.store().blobs().stage(made.document.clone()).await?;
        document.record(db).await?;
        let row = EvaluationRow { document: document.digest().to_owned(), ..made.row.clone() };
        let same = made.before.as_ref().filter(|before| before.outcome == row.outcome);
        let id = match same {
            Some(before) => {
                evaluation::confirm(db, before.id, &row).await?;
                before.id
            }
            None => evaluation::create(db, account.id, subject, &row).await?,
        };
        let active = stopgate_store::policy::active(db, account.id).await?;
        if active.is_none_or(|active| active.policy_id != row.policy_id) {
            return Ok(());
        }
        tag::set_summary(db, tag.id, &TagSummary { evaluation: id, ..made.summary.clone() }, row.checked_at).await?;
        let [violations, ..] = made.summary.findings;
        self.alert(db, account, (image, tag), (id, &row), violations).await?;
        let Some(before) = made.before.as_ref().filter(|_| same.is_none()) else { return Ok(()) };
        if before.final_action != row.final_action {
            self.tell_subscribers(
                db,
                account,
                &full,
                "policy_eval",
                "user.checks.tag.policy_evaluation.update",
                json!({
                    "policy_id": row.policy_id, "image_digest": image.digest,
                    "current": {"final_action": row.final_action, "status": status(&row.final_action)},
                    "previous": {"final_action": before.final_action, "status": status(&before.final_action)},
                }),
                format!("the verdict on `{full}` changed from {} to {}", before.final_action, row.final_action),
            )
            .await?;
        }
        if before.build != row.build {
            let message = format!("the vulnerabilities of `{full}` changed with new data");
            let details = json!({"image_digest": image.digest, "build": row.build});
            self.tell_subscribers(
                db,
                account,
                &full,
                "vuln_update",
                "user.checks.tag.vulnerabilities.update",
                details,
                message,
            )
            .await?;
        }
        Ok(())
    }

    /// Writes an event down for a tag whose subscription of this kind is active.
    #[expect(clippy::too_many_arguments, reason = "an event has that many parts")]
    async fn tell_subscribers(
        &self,
        db: Db<'_>,
        account: &Account,
        full: &str,
        topic: &str,
        kind: &str,
        details: Value,
        message: String,
    ) -> Result<(), ServiceError> {
        let wanted = subscription::list(db, account.id, Some(full), Some(topic)).await?;
        if wanted.iter().any(|subscription| subscription.active) {
            let what = Happened::new(account, kind, ("image_tag", full), message).details(details);
            self.happened(db, what).await?;
        }
        Ok(())
    }
}

/// `pass` or `fail`.
fn status(final_action: &str) -> &'static str {
    if final_action == "stop" { "fail" } else { "pass" }
}
