//! Starting: the store is opened, what every installation has is made once.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use stopgate_store::{Store, StoreOptions, account, setting, user};

use crate::auth::{Auth, base32, hash_password, random};
use crate::data::Data;
use crate::library::Library;
use crate::{Inner, Service, ServiceError, Vault, clock, policy};

/// The account whose users may do everything, and its first user.
pub(crate) const ADMIN: &str = "admin";

/// How a process is started.
#[derive(Debug, Clone)]
pub struct ServiceOptions {
    /// Where this process keeps files: vulnerability data, scratch, and without other places everything.
    pub folder: PathBuf,
    /// Where the installation keeps what it knows.
    pub store: StoreOptions,
    /// Password of the first user; made and told once when there is none.
    pub admin_password: Option<SecretString>,
    /// Key that secrets are encrypted with, and the one before; from the data folder when there is none.
    pub master_key: Option<(SecretString, Option<SecretString>)>,
    /// Name of this process in events and leases.
    pub host: String,
    /// The program that analyses an image in a process of its own (`work --one-job`).
    pub program: PathBuf,
    /// Registries on this machine may be read: for servers that listen on this machine only.
    pub loopback: bool,
    /// Networks that may be reached beside public ones, as `address/bits`.
    pub egress_allow: Vec<String>,
    /// Certificates to trust besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// What happened the first time that an installation was started.
#[derive(Debug, Clone, Default)]
pub struct FirstStart {
    /// The password that was made for the first user.
    pub admin_password: Option<String>,
    /// Whether a key for secrets was made in the data folder.
    pub made_key: bool,
}

impl Service {
    /// Opens an installation, and makes what is missing.
    pub async fn open(options: ServiceOptions) -> Result<(Self, FirstStart), ServiceError> {
        let scratch = options.folder.join("scratch");
        std::fs::create_dir_all(&scratch).map_err(|error| {
            ServiceError::invalid(format!("cannot use the folder `{}`: {error}", scratch.display()))
        })?;
        let store = Store::open(&options.store).await.map_err(|error| ServiceError::invalid(error.to_string()))?;
        let mut first = FirstStart::default();
        let vault = if let Some((current, previous)) = &options.master_key {
            Vault::of_keys(current, previous.as_ref())?
        } else {
            let (vault, made) = Vault::of_folder(&options.folder)?;
            first.made_key = made;
            vault
        };
        let inner = Inner {
            auth: Auth::new(store.clone())?,
            vault,
            data: Data::open(&options.folder)?,
            library: Library::new(),
            wake: tokio::sync::Notify::new(),
            store,
            options,
        };
        let service = Self(Arc::new(inner));
        first.admin_password = service.first_account().await?;
        service.same_key().await?;
        service.adopt_data().await?;
        Ok((service, first))
    }

    /// Makes the admin account with its first user; the password that was made for it.
    async fn first_account(&self) -> Result<Option<String>, ServiceError> {
        let now = clock::now();
        let tx = self.store().begin().await?;
        if account::find(tx.db(), ADMIN).await?.is_some() {
            return Ok(None);
        }
        let given = self.options().admin_password.as_ref().map(|password| password.expose_secret().to_owned());
        let made = match &given {
            Some(_) => None,
            None => Some(base32(&random::<15>()?)),
        };
        let password = given.or_else(|| made.clone()).unwrap_or_default();
        crate::users::check_password(&password)?;
        let home = account::create(tx.db(), ADMIN, "admin", Some("admin@localhost"), now).await?;
        let first = user::create(tx.db(), home.id, ADMIN, "native", None, now).await?;
        user::set_password(tx.db(), first, Some(&hash_password(&password)?), now).await?;
        policy::install_packs(tx.db(), home.id, now).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Encrypts secrets again when there is a new key, and tells when the key of some is lost.
    async fn same_key(&self) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        let rotated = self.vault().rotate(tx.db()).await?;
        let lost = stopgate_store::secret::of_other_keys(tx.db(), self.vault().key_id()).await?.len();
        setting::set_first(tx.db(), "installation", &uuid::Uuid::new_v4().to_string(), clock::now()).await?;
        tx.commit().await?;
        if rotated > 0 {
            tracing::info!(rotated, "secrets were encrypted with the new key");
        }
        if lost > 0 {
            tracing::warn!(
                lost,
                "secrets cannot be opened: their key is not known; set them again, or give the key as STOPGATE_MASTER_KEY_PREVIOUS"
            );
        }
        Ok(())
    }
}
