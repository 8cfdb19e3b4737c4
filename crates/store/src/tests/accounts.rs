//! Accounts, users, keys, tokens, secrets, registries, subscriptions, settings.

use serde_json::json;

use crate::account::AccountState;
use crate::api_key::ApiKey;
use crate::role;
use crate::secret::{Sealed, SecretName};
use crate::token::{Token, TokenKind};
use crate::{StoreError, account, api_key, registry, secret, setting, subscription, token, user};

use super::{at, on_both};

#[test]
fn accounts_and_users() {
    on_both(|store| async move {
        let tx = store.begin().await.unwrap();
        let admin = account::create(tx.db(), "admin", "admin", Some("a@example.org"), at(0)).await.unwrap();
        let home = account::create(tx.db(), "team", "user", None, at(1)).await.unwrap();
        account::set_settings(tx.db(), home.id, &json!({"undecided_action": "warn"})).await.unwrap();
        let ann = user::create(tx.db(), home.id, "ann", "native", None, at(2)).await.unwrap();
        user::set_password(tx.db(), ann, Some("$argon2id$x"), at(3)).await.unwrap();
        role::give(tx.db(), ann, "read-only", "admin", "admin", at(4)).await.unwrap();
        role::give(tx.db(), ann, "read-only", "admin", "admin", at(5)).await.unwrap();
        tx.commit().await.unwrap();

        let db = store.read();
        assert_eq!(account::find(db, "team").await.unwrap().unwrap().settings["undecided_action"], "warn");
        assert_eq!(account::list(db, Some(AccountState::Disabled)).await.unwrap(), []);
        assert_eq!(account::list(db, None).await.unwrap().len(), 2);
        let known = user::find(db, "ann").await.unwrap().unwrap();
        assert_eq!((known.account_name.as_str(), known.password_at, known.version), ("team", Some(at(3)), 3));
        assert_eq!(user::password(db, ann).await.unwrap().as_deref(), Some("$argon2id$x"));
        let roles = role::list(db, Some(ann), None, Some("admin")).await.unwrap();
        assert_eq!((roles.len(), roles[0].granted_at), (1, at(4)));
        assert_eq!(user::standing(db, ann).await.unwrap(), Some((3, 1, "enabled".to_owned())));

        let tx = store.begin().await.unwrap();
        let again = account::create(tx.db(), "team", "user", None, at(1)).await;
        assert!(matches!(again, Err(StoreError::Duplicate)), "{again:?}");
        drop(tx);
        let tx = store.begin().await.unwrap();
        account::set_state(tx.db(), admin.id, AccountState::Disabled, at(9)).await.unwrap();
        assert!(role::take(tx.db(), ann, "read-only", "admin").await.unwrap());
        assert!(!role::take(tx.db(), ann, "read-only", "admin").await.unwrap());
        user::delete(tx.db(), ann).await.unwrap();
        assert_eq!(user::list(tx.db(), None).await.unwrap(), []);
        tx.commit().await.unwrap();
    });
}

#[test]
fn keys_and_tokens_are_kept_as_digests() {
    on_both(|store| async move {
        let tx = store.begin().await.unwrap();
        let home = account::create(tx.db(), "team", "user", None, at(0)).await.unwrap();
        let ann = user::create(tx.db(), home.id, "ann", "native", None, at(0)).await.unwrap();
        let key = ApiKey {
            key_id: "abc".to_owned(),
            owner: ann,
            name: "ci".to_owned(),
            description: None,
            sha256: vec![1; 32],
            revoked: false,
            expires_at: at(100),
            used_at: None,
            created_at: at(0),
            updated_at: at(0),
        };
        api_key::create(tx.db(), &key).await.unwrap();
        api_key::update(tx.db(), &ApiKey { revoked: true, ..key.clone() }).await.unwrap();
        api_key::mark_used(tx.db(), "abc", at(7)).await.unwrap();
        let known = api_key::find(tx.db(), "abc").await.unwrap().unwrap();
        assert_eq!(known, ApiKey { revoked: true, used_at: Some(at(7)), ..key.clone() });
        assert_eq!(api_key::named(tx.db(), ann, "ci").await.unwrap(), Some(known.clone()));
        assert_eq!(api_key::list(tx.db(), ann).await.unwrap(), [known]);

        let first = Token { owner: ann, family: "f".to_owned(), expires_at: at(10), used: false };
        token::create(tx.db(), &[2; 32], TokenKind::Refresh, &first).await.unwrap();
        assert_eq!(token::find(tx.db(), &[2; 32], TokenKind::Access).await.unwrap(), None);
        assert!(token::use_up(tx.db(), &[2; 32]).await.unwrap());
        assert!(!token::use_up(tx.db(), &[2; 32]).await.unwrap());
        assert_eq!(token::sweep(tx.db(), at(10)).await.unwrap(), 0);
        assert_eq!(token::sweep(tx.db(), at(11)).await.unwrap(), 1);
        api_key::delete(tx.db(), "abc").await.unwrap();
        tx.commit().await.unwrap();
    });
}

#[test]
fn secrets_registries_and_subscriptions_belong_to_one_account() {
    on_both(|store| async move {
        let tx = store.begin().await.unwrap();
        let one = account::create(tx.db(), "one", "user", None, at(0)).await.unwrap().id;
        let other = account::create(tx.db(), "other", "user", None, at(0)).await.unwrap().id;
        let name = SecretName {
            account: one,
            holder: "registry".to_owned(),
            item: "reg.example.org".to_owned(),
            field: "password".to_owned(),
        };
        let sealed = |key: &str| Sealed { key_id: key.to_owned(), nonce: vec![1; 12], ciphertext: vec![2; 20] };
        secret::put(tx.db(), &name, &sealed("k1")).await.unwrap();
        secret::put(tx.db(), &name, &sealed("k2")).await.unwrap();
        assert_eq!(secret::find(tx.db(), &name).await.unwrap(), Some(sealed("k2")));
        assert_eq!(secret::find(tx.db(), &SecretName { account: other, ..name.clone() }).await.unwrap(), None);
        assert_eq!(secret::of_other_keys(tx.db(), "k3").await.unwrap(), std::slice::from_ref(&name));
        secret::delete(tx.db(), one, "registry", "reg.example.org").await.unwrap();
        assert_eq!(secret::find(tx.db(), &name).await.unwrap(), None);

        let row = registry::RegistryRow {
            pattern: "reg.example.org/team*".to_owned(),
            name: "ours".to_owned(),
            kind: "docker_v2".to_owned(),
            username: "bot".to_owned(),
            verify: true,
            created_at: at(0),
            updated_at: at(0),
        };
        registry::create(tx.db(), one, &row).await.unwrap();
        registry::update(tx.db(), one, &registry::RegistryRow { verify: false, ..row.clone() }).await.unwrap();
        assert!(!registry::find(tx.db(), one, &row.pattern).await.unwrap().unwrap().verify);
        assert_eq!(registry::list(tx.db(), other).await.unwrap(), []);
        assert!(!registry::delete(tx.db(), other, &row.pattern).await.unwrap());
        assert!(registry::delete(tx.db(), one, &row.pattern).await.unwrap());

        let watch = subscription::Subscription {
            subscription_id: "s1".to_owned(),
            account: one,
            topic: "docker.io/app:1".to_owned(),
            kind: "tag_update".to_owned(),
            value: None,
            active: true,
            checked_at: None,
            created_at: at(0),
            updated_at: at(0),
        };
        assert!(subscription::create(tx.db(), &watch).await.unwrap());
        assert!(!subscription::create(tx.db(), &watch).await.unwrap());
        assert_eq!(subscription::due(tx.db(), "tag_update", at(5), 10).await.unwrap(), std::slice::from_ref(&watch));
        subscription::checked(tx.db(), "s1", at(6)).await.unwrap();
        assert_eq!(subscription::due(tx.db(), "tag_update", at(5), 10).await.unwrap(), []);
        subscription::update(tx.db(), one, "s1", Some("x"), false, at(7)).await.unwrap();
        assert_eq!(subscription::list(tx.db(), other, None, None).await.unwrap(), []);
        assert_eq!(subscription::find(tx.db(), one, "s1").await.unwrap().unwrap().value.as_deref(), Some("x"));
        assert!(subscription::delete(tx.db(), one, "s1").await.unwrap());
        tx.commit().await.unwrap();
    });
}

#[test]
fn a_turn_comes_round() {
    on_both(|store| async move {
        let tx = store.begin().await.unwrap();
        let hour = std::time::Duration::from_hours(1);
        assert!(setting::take_turn(tx.db(), "feeds", hour).await.unwrap());
        assert!(!setting::take_turn(tx.db(), "feeds", hour).await.unwrap());
        assert!(setting::take_turn(tx.db(), "watch", std::time::Duration::ZERO).await.unwrap());
        assert!(setting::take_turn(tx.db(), "watch", std::time::Duration::ZERO).await.unwrap());
        assert_eq!(setting::set_first(tx.db(), "id", "a", at(0)).await.unwrap(), "a");
        assert_eq!(setting::set_first(tx.db(), "id", "b", at(0)).await.unwrap(), "a");
        setting::set(tx.db(), "id", "c", at(1)).await.unwrap();
        assert_eq!(setting::get(tx.db(), "id").await.unwrap().as_deref(), Some("c"));
        setting::unset(tx.db(), "id").await.unwrap();
        assert_eq!(setting::get(tx.db(), "id").await.unwrap(), None);
        tx.commit().await.unwrap();
    });
}
