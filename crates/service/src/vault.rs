//! Secrets of others that are needed again, encrypted: AES-256-GCM under a key of the installation, bound to the place
//! where each is kept, so that a ciphertext moved elsewhere opens nothing.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::{ExposeSecret as _, SecretString};
use stopgate_store::secret::{self, Sealed, SecretName};
use stopgate_store::{AccountId, Db};

use crate::ServiceError;
use crate::auth::{random, sha256};

/// The keys of an installation.
pub struct Vault {
    current: Key,
    previous: Option<Key>,
}

struct Key {
    id: String,
    key: LessSafeKey,
}

impl Key {
    fn new(bytes: &[u8]) -> Result<Self, ServiceError> {
        let key = UnboundKey::new(&AES_256_GCM, bytes)
            .map_err(|_| ServiceError::invalid("a master key is 32 bytes: expected 64 hexadecimal digits"))?;
        Ok(Self { id: hex::encode(sha256(bytes).get(..4).unwrap_or_default()), key: LessSafeKey::new(key) })
    }

    fn parse(text: &str) -> Result<Self, ServiceError> {
        let text = text.trim();
        let bytes = hex::decode(text).ok().or_else(|| STANDARD.decode(text).ok());
        let bytes = bytes.filter(|bytes| bytes.len() == 32);
        Self::new(&bytes.ok_or_else(|| {
            ServiceError::invalid("a master key is 32 bytes: expected 64 hexadecimal digits or their base64")
        })?)
    }
}

/// Where a secret is kept, as bytes that are sealed with it.
fn place(name: &SecretName) -> Vec<u8> {
    format!("{}\0{}\0{}\0{}", name.account.0, name.holder, name.item, name.field).into_bytes()
}

impl Vault {
    /// From keys as they are given.
    pub fn of_keys(current: &SecretString, previous: Option<&SecretString>) -> Result<Self, ServiceError> {
        Ok(Self {
            current: Key::parse(current.expose_secret())?,
            previous: previous.map(|key| Key::parse(key.expose_secret())).transpose()?,
        })
    }

    /// From the file `master.key` of a data folder, which is made when there is none; `true` when it was made.
    pub fn of_folder(folder: &Path) -> Result<(Self, bool), ServiceError> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = folder.join("master.key");
        let failed = |error: std::io::Error| ServiceError::internal(format!("`{}`: {error}", path.display()));
        let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let new = match made {
            Ok(mut file) => {
                file.write_all(hex::encode(random::<32>()?).as_bytes())
                    .and_then(|()| file.sync_all())
                    .map_err(failed)?;
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(failed(error)),
        };
        let text = std::fs::read_to_string(&path).map_err(failed)?;
        Ok((Self { current: Key::parse(&text)?, previous: None }, new))
    }

    /// Which key is in use.
    pub fn key_id(&self) -> &str {
        &self.current.id
    }

    fn seal(&self, name: &SecretName, text: &str) -> Result<Sealed, ServiceError> {
        let nonce = random::<NONCE_LEN>()?;
        let mut bytes = text.as_bytes().to_vec();
        self.current
            .key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place(name)), &mut bytes)
            .map_err(|_| ServiceError::internal("a secret could not be sealed"))?;
        Ok(Sealed { key_id: self.current.id.clone(), nonce: nonce.to_vec(), ciphertext: bytes })
    }

    fn open(&self, name: &SecretName, sealed: &Sealed) -> Option<SecretString> {
        let keys = [Some(&self.current), self.previous.as_ref()];
        let key = keys.into_iter().flatten().find(|key| key.id == sealed.key_id)?;
        let nonce = Nonce::try_assume_unique_for_key(&sealed.nonce).ok()?;
        let mut bytes = sealed.ciphertext.clone();
        let opened = key.key.open_in_place(nonce, Aad::from(place(name)), &mut bytes).ok()?;
        String::from_utf8(opened.to_vec()).ok().map(SecretString::from)
    }

    /// Keeps a secret.
    pub async fn put(&self, db: Db<'_>, name: &SecretName, text: &SecretString) -> Result<(), ServiceError> {
        Ok(secret::put(db, name, &self.seal(name, text.expose_secret())?).await?)
    }

    /// Keeps a secret unless there is one.
    pub async fn put_first(&self, db: Db<'_>, name: &SecretName, text: &SecretString) -> Result<(), ServiceError> {
        Ok(secret::put_first(db, name, &self.seal(name, text.expose_secret())?).await?)
    }

    /// A secret; nothing when there is none. One whose key is lost is a failure that says so.
    pub async fn get(&self, db: Db<'_>, name: &SecretName) -> Result<Option<SecretString>, ServiceError> {
        let Some(sealed) = secret::find(db, name).await? else { return Ok(None) };
        match self.open(name, &sealed) {
            Some(text) => Ok(Some(text)),
            None => Err(ServiceError::conflict(format!(
                "the {} of {} `{}` was encrypted with the key {}, which is not known: give that key as \
                 STOPGATE_MASTER_KEY_PREVIOUS, or set the secret again",
                name.field, name.holder, name.item, sealed.key_id
            ))),
        }
    }

    /// Encrypts with the current key what was encrypted with the one before; how many there were.
    pub async fn rotate(&self, db: Db<'_>) -> Result<usize, ServiceError> {
        let mut rotated = 0;
        for name in secret::of_other_keys(db, &self.current.id).await? {
            let Some(sealed) = secret::find(db, &name).await? else { continue };
            let Some(text) = self.open(&name, &sealed) else { continue };
            self.put(db, &name, &text).await?;
            rotated += 1;
        }
        Ok(rotated)
    }
}

/// The name of a registry's password.
pub(crate) fn of_registry(account: AccountId, pattern: &str) -> SecretName {
    SecretName { account, holder: "registry".to_owned(), item: pattern.to_owned(), field: "password".to_owned() }
}

/// The name of a secret of an endpoint.
pub(crate) fn of_endpoint(account: AccountId, uuid: &str, field: &str) -> SecretName {
    SecretName { account, holder: "notify_endpoint".to_owned(), item: uuid.to_owned(), field: field.to_owned() }
}

/// The name of the key that an account's webhooks are signed with.
pub(crate) fn of_webhooks(account: AccountId) -> SecretName {
    let word = str::to_owned;
    SecretName { account, holder: word("account"), item: word("webhooks"), field: word("secret") }
}

#[cfg(test)]
mod tests {
    use secrecy::{ExposeSecret as _, SecretString};
    use stopgate_store::AccountId;

    use super::{Vault, of_registry};

    fn vault(key: &str, previous: Option<&str>) -> Vault {
        let secret = |text: &str| SecretString::from(text.repeat(64));
        Vault::of_keys(&secret(key), previous.map(secret).as_ref()).unwrap()
    }

    #[test]
    fn a_secret_opens_where_it_was_sealed_and_nowhere_else() {
        let name = of_registry(AccountId(1), "reg.example.org");
        let sealed = vault("a", None).seal(&name, "hunter2").unwrap();
        assert!(!sealed.ciphertext.windows(7).any(|bytes| bytes == b"hunter2"));
        let opened = |vault: &Vault, name| vault.open(name, &sealed).map(|text| text.expose_secret().to_owned());
        assert_eq!(opened(&vault("a", None), &name).as_deref(), Some("hunter2"));
        assert_eq!(opened(&vault("b", Some("a")), &name).as_deref(), Some("hunter2"));
        assert_eq!(opened(&vault("b", None), &name), None);
        assert_eq!(opened(&vault("a", None), &of_registry(AccountId(2), "reg.example.org")), None);
    }

    #[test]
    fn a_folder_keeps_its_key_from_others() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (first, made) = Vault::of_folder(folder.path()).unwrap();
        let (again, made_again) = Vault::of_folder(folder.path()).unwrap();
        assert_eq!((made, made_again, first.key_id()), (true, false, again.key_id()));
        let mode = std::fs::metadata(folder.path().join("master.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
