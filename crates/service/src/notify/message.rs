//! What is sent: the body of each kind, and the signature of webhooks.
//!
//! Signatures follow Standard Webhooks (<https://www.standardwebhooks.com>): HMAC-SHA256 of `id.timestamp.body` under a
//! key of the account.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use stopgate_store::event::Event;

use super::EndpointKind;
use crate::ServiceError;
use crate::auth::random;

/// What a key begins with.
const KEY: &str = "whsec_";

/// A new key.
pub(super) fn new_key() -> Result<SecretString, ServiceError> {
    Ok(SecretString::from(format!("{KEY}{}", STANDARD.encode(random::<32>()?))))
}

/// The value of `webhook-signature`.
pub(super) fn signature(key: &SecretString, id: &str, seconds: i64, body: &[u8]) -> Result<String, ServiceError> {
    let text = key.expose_secret();
    let bytes = STANDARD.decode(text.strip_prefix(KEY).unwrap_or(text));
    let bytes = bytes.map_err(|_| ServiceError::internal("the key of an account's webhooks is damaged"))?;
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &bytes));
    context.update(format!("{id}.{seconds}.").as_bytes());
    context.update(body);
    Ok(format!("v1,{}", STANDARD.encode(context.sign())))
}

/// The body for a kind of endpoint.
pub(super) fn body(kind: EndpointKind, event: &Event) -> Value {
    match kind {
        EndpointKind::Slack => slack(event),
        EndpointKind::Teams => teams(event),
        _ => webhook(event),
    }
}

fn webhook(event: &Event) -> Value {
    json!({
        "id": event.uuid,
        "type": event.kind,
        "category": event.category,
        "level": event.level.to_uppercase(),
        "message": event.message,
        "details": event.details,
        "timestamp": event.at.to_string(),
        "resource": {"account_name": event.account_name, "type": event.resource_type, "id": event.resource_id},
        "source": {"request_id": event.request_id, "service_name": "stopgate", "host_id": event.host, "base_url": ""},
    })
}

/// Without control characters, and not longer than a message should be.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(2_000).collect()
}

/// Names of images and packages must not become links or mentions.
fn slack(event: &Event) -> Value {
    let escape = |text: &str| plain(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    json!({"text": format!(
        "{}: {}\n{} · {} {} · account {}",
        event.level.to_uppercase(), escape(&event.message), event.kind, escape(&event.resource_type),
        escape(&event.resource_id), escape(&event.account_name)
    )})
}

/// An adaptive card. Its texts are Markdown, so what would mark up is taken apart.
fn teams(event: &Event) -> Value {
    let escape = |text: &str| {
        plain(text).chars().fold(String::new(), |mut out, c| {
            if matches!(c, '*' | '_' | '[' | ']' | '(' | ')' | '`' | '#' | '\\' | '<' | '>') {
                out.push('\\');
            }
            out.push(c);
            out
        })
    };
    let fact = |title: &str, value: &str| json!({"title": title, "value": escape(value)});
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": [
                    {"type": "TextBlock", "text": escape(&event.message), "weight": "bolder", "wrap": true},
                    {"type": "FactSet", "facts": [
                        fact("level", &event.level.to_uppercase()), fact("type", &event.kind),
                        fact(&event.resource_type, &event.resource_id), fact("account", &event.account_name),
                    ]},
                ],
            },
        }],
    })
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use serde_json::json;
    use stopgate_store::AccountId;
    use stopgate_store::event::Event;

    use super::{EndpointKind, body, signature};

    /// The example of the specification.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let key = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn names_do_not_become_markup() {
        let event = Event {
            uuid: "1".to_owned(),
            account: AccountId(1),
            account_name: "admin".to_owned(),
            kind: "user.image.analysis.failed".to_owned(),
            level: "error".to_owned(),
            category: "user".to_owned(),
            resource_type: "image_tag".to_owned(),
            resource_id: "<!channel>\r\n[x](http://evil)".to_owned(),
            message: "`a<b`".to_owned(),
            details: json!({}),
            request_id: String::new(),
            host: "h".to_owned(),
            at: "2024-01-01T00:00:00Z".parse().unwrap(),
        };
        let slack = body(EndpointKind::Slack, &event).to_string();
        assert!(slack.contains("&lt;!channel&gt;[x]") && !slack.contains("<!channel>"), "{slack}");
        let teams = body(EndpointKind::Teams, &event).to_string();
        assert!(teams.contains(r"\\[x\\]\\(http://evil\\)"), "{teams}");
    }
}
