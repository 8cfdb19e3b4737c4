//! Items of allowlists: expired and expiring ones, repeated ones, ones that accept too much.

use std::collections::HashMap;

use super::patterns::is_anything;
use super::scope::Scope;
use super::{LintInfo, LintSeverity, LintSubject};
use crate::document::AllowlistItem;
use crate::document::error::child;
use crate::document::suggest::shown;

/// Every item with its pointer.
pub(super) fn items<'p>(scope: &Scope<'p>) -> impl Iterator<Item = (String, &'p AllowlistItem)> {
    scope.policy.allowlists.iter().enumerate().flat_map(|(list, allowlist)| {
        let items = child(&child("/allowlists", list), "items");
        allowlist.items.iter().enumerate().map(move |(index, item)| (child(&items, index), item))
    })
}

pub(super) static ITEM_EXPIRED: LintInfo = LintInfo {
    code: "item-expired",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "An allowlist item has expired.",
    why: "It accepts nothing any more. Remove it, or accept the finding anew with a later time.",
    bad: &["rule stop always.always", "item always always until 2026-05-31T00:00:00Z"],
    good: &["rule stop always.always", "item always always until 2027-01-31T00:00:00Z"],
    check: |scope, told| {
        for (at, item) in items(scope) {
            if let Some(expiry) = item.expires_on.as_ref().filter(|expiry| scope.is_past(expiry.time)) {
                let message = format!("the item `{}` expired on {}", shown(&item.trigger_id), shown(&expiry.text));
                told.tell(child(&at, "expires_on"), message, "remove it");
            }
        }
    },
};

pub(super) static ITEM_EXPIRING: LintInfo = LintInfo {
    code: "item-expiring",
    severity: LintSeverity::Note,
    subject: LintSubject::Policy,
    summary: "An allowlist item expires within 14 days.",
    why: "From then on its finding counts again and may stop artifacts that pass today.",
    bad: &["rule stop always.always", "item always always until 2026-06-15T00:00:00Z"],
    good: &["rule stop always.always", "item always always until 2026-06-15T00:00:01Z"],
    check: |scope, told| {
        for (at, item) in items(scope) {
            if let Some(expiry) = item.expires_on.as_ref().filter(|expiry| scope.is_soon(expiry.time)) {
                let message = format!("the item `{}` expires on {}", shown(&item.trigger_id), shown(&expiry.text));
                told.tell(child(&at, "expires_on"), message, "");
            }
        }
    },
};

pub(super) static ITEM_REPEATED: LintInfo = LintInfo {
    code: "item-repeated",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "Two items of one allowlist accept the same.",
    why: "The first that has not expired counts, so shortening the life of one of them changes nothing. Keep one.",
    bad: &["rule stop always.always", "item always always", "item always always until 2027-01-31T00:00:00Z"],
    good: &["rule stop always.always", "item always always"],
    check: |scope, told| {
        for (list, allowlist) in scope.policy.allowlists.iter().enumerate() {
            let mut seen: HashMap<(&str, &str), &str> = HashMap::new();
            for (index, item) in allowlist.items.iter().enumerate() {
                let first = *seen.entry((&item.gate, &item.trigger_id)).or_insert(&item.id);
                if first != item.id {
                    let (id, first) = (shown(&item.trigger_id), shown(first));
                    let message = format!("the item `{first}` accepts `{id}` of gate `{}` already", shown(&item.gate));
                    told.tell(child(&child(&child("/allowlists", list), "items"), index), message, "keep one of them");
                }
            }
        }
    },
};

pub(super) static ITEM_TOO_BROAD: LintInfo = LintInfo {
    code: "item-too-broad",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "An allowlist item accepts every finding of its gate.",
    why: "The rules of the gate then decide nothing where the allowlist is used. To switch rules off, leave out \
          their rule set in the mapping, which says so openly.",
    bad: &["rule stop vulnerabilities.kev_list", "item vulnerabilities *"],
    good: &["rule stop vulnerabilities.kev_list", "item vulnerabilities *+openssl"],
    check: |scope, told| {
        for (at, item) in items(scope) {
            // There is one finding of gate `always` and no more.
            let all = is_anything(&item.pattern) || matches!(item.trigger_id.as_str(), "regexp:.*" | "regexp:" | "*+*");
            if all && item.gate != "always" {
                let message =
                    format!("`{}` accepts every finding of gate `{}`", shown(&item.trigger_id), shown(&item.gate));
                told.tell(child(&at, "trigger_id"), message, "name what is accepted, for example `CVE-2021-44228+*`");
            }
        }
    },
};
