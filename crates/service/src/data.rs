//! Vulnerability data of the server: the build that decides now, and what changes with a new one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::json;
use stopgate_model::DataIdentity;
use stopgate_store::job::{self, Lane, NewJob, Priority};
use stopgate_store::setting::{self, DataBuild};
use stopgate_store::{AccountId, Db};
use stopgate_vulndb::{Database, ImportOptions, ImportSource};

use crate::{Service, ServiceError, clock};

/// The build in use.
pub struct Data {
    folder: PathBuf,
    current: RwLock<Option<Arc<Database>>>,
}

impl Data {
    pub(crate) fn open(folder: &Path) -> Result<Self, ServiceError> {
        let folder = folder.join("db");
        let current = Database::open(&folder).map_err(|error| ServiceError::invalid(error.to_string()))?;
        Ok(Self { folder, current: RwLock::new(current.map(Arc::new)) })
    }

    /// The build that decides now; nothing when the server has no data.
    pub fn current(&self) -> Option<Arc<Database>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn reload(&self) -> Result<Option<Arc<Database>>, ServiceError> {
        let opened = Database::open(&self.folder).map_err(ServiceError::internal)?.map(Arc::new);
        self.current.write().unwrap_or_else(PoisonError::into_inner).clone_from(&opened);
        Ok(opened)
    }
}

fn build(identity: &DataIdentity) -> DataBuild {
    let rows: Vec<_> = identity
        .providers
        .iter()
        .map(|provider| {
            json!({"provider": provider.provider, "captured": provider.captured, "vulnerabilities": provider.vulnerabilities,
                   "affected": provider.affected})
        })
        .collect();
    DataBuild {
        digest: identity.digest.to_string(),
        built_at: identity.built.clone(),
        provider_rows: json!(rows).to_string(),
        activated_at: None,
    }
}

impl Service {
    /// Takes note of data that was put into the folder while no server was running.
    pub(crate) async fn adopt_data(&self) -> Result<(), ServiceError> {
        let Some(current) = self.data().current() else { return Ok(()) };
        let new = build(current.identity());
        let tx = self.store().begin().await?;
        if setting::current_build(tx.db()).await?.is_none_or(|known| known.digest != new.digest) {
            setting::activate_build(tx.db(), &new, clock::now()).await?;
            self.ask_for_rematch(tx.db(), None).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Imports data: compiled beside the data in use, which stays until the new is whole. What changed is matched and
    /// evaluated again.
    pub async fn import_data(&self, file: &Path, options: ImportOptions) -> Result<DataIdentity, ServiceError> {
        let (source, folder) = (ImportSource::of_path(file), self.data().folder.clone());
        let imported = tokio::task::spawn_blocking(move || stopgate_vulndb::import(&source, &folder, &options)).await;
        let identity = imported.map_err(ServiceError::internal)?.map_err(|error| {
            let mut text = error.to_string();
            if let Some(cause) = std::error::Error::source(&error) {
                text = format!("{text}: {cause}");
            }
            ServiceError::invalid(format!("the data was not taken, the old stays in use: {text}"))
        })?;
        let before = self.data().current();
        let Some(now) = self.data().reload()? else {
            return Err(ServiceError::internal("data was imported and is not there"));
        };
        let names = before.map(|before| now.changes_since(&before).into_iter().map(|changed| changed.name).collect());
        let tx = self.store().begin().await?;
        setting::activate_build(tx.db(), &build(now.identity()), clock::now()).await?;
        self.ask_for_rematch(tx.db(), names).await?;
        tx.commit().await?;
        self.wake();
        Ok(identity)
    }

    /// Asks for the sets of packages whose matches may have changed to be matched again: all of them when it is not known
    /// which names changed.
    async fn ask_for_rematch(&self, db: Db<'_>, names: Option<Vec<String>>) -> Result<(), ServiceError> {
        const AT_ONCE: usize = 200;
        let sets = match names {
            Some(names) => stopgate_store::content::sets_with_names(db, &names).await?,
            None => stopgate_store::content::sets_after(db, 0, u64::MAX).await?,
        };
        for (n, sets) in sets.chunks(AT_ONCE).enumerate() {
            let job = NewJob {
                kind: "rematch",
                account: AccountId::SHARED,
                dedupe_key: format!("{}-{n}", clock::now().as_microsecond()),
                lane: Lane::Evaluate,
                priority: Priority::Changed,
                max_attempts: 5,
                body: json!({"sets": sets}),
                delay: std::time::Duration::ZERO,
            };
            job::enqueue(db, &job).await?;
        }
        Ok(())
    }
}
