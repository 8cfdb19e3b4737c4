//! Vulnerability data of the server: the build that decides now, and what changes with a new one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use serde_json::json;
use stopgate_model::DataIdentity;
use stopgate_store::job::{self, Lane, NewJob, Priority};
use stopgate_store::setting::{self, DataBuild};
use stopgate_store::{AccountId, Db};
use stopgate_vulndb::{Database, ImportOptions, ImportSource};

use crate::error::with_causes;
use crate::{Service, ServiceError, clock};

/// The build in use.
pub struct Data {
    folder: PathBuf,
    current: RwLock<Option<Arc<Database>>>,
    /// When the folder's choice was made, as far as this process knows.
    chosen: Mutex<Option<SystemTime>>,
    /// One import at a time.
    import: tokio::sync::Mutex<()>,
}

impl Data {
    pub(crate) fn open(folder: &Path) -> Result<Self, ServiceError> {
        let folder = folder.join("db");
        let current = Database::open(&folder).map_err(|error| ServiceError::invalid(error.to_string()))?;
        let chosen = Mutex::new(chosen_at(&folder));
        Ok(Self { folder, current: RwLock::new(current.map(Arc::new)), chosen, import: tokio::sync::Mutex::new(()) })
    }

    /// Whether somebody put other data into the folder since this was asked last.
    fn moved(&self) -> bool {
        let now = chosen_at(&self.folder);
        let mut known = self.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *known, now) != now
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

/// When the file that names the build in use was replaced.
fn chosen_at(folder: &Path) -> Option<SystemTime> {
    std::fs::metadata(folder.join("current")).and_then(|file| file.modified()).ok()
}

fn build(identity: &DataIdentity, archive: Option<String>) -> DataBuild {
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
        archive,
        activated_at: None,
    }
}

impl Service {
    /// Takes note of data that was put into the folder by another program.
    pub(crate) async fn adopt_data(&self) -> Result<(), ServiceError> {
        let Some(current) = self.data().current() else { return Ok(()) };
        let new = build(current.identity(), None);
        let tx = self.store().begin().await?;
        let known = setting::current_build(tx.db()).await?;
        // Of several processes with a folder each, one that comes back must not bring old data with it.
        let adopts = known.is_none_or(|known| {
            known.digest != new.digest
                && (known.archive.is_none() || known.built_at < new.built_at || !self.store().shared())
        });
        if adopts {
            setting::activate_build(tx.db(), &new, clock::now()).await?;
            self.ask_for_rematch(tx.db(), None, &new.digest).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Imports data: compiled beside the data in use, which stays until the new is whole. What changed is matched and
    /// evaluated again.
    pub async fn import_data(&self, file: &Path, options: ImportOptions) -> Result<DataIdentity, ServiceError> {
        let shared = self.store().shared() && file.is_file();
        let archive = if shared { Some(self.keep_archive(file).await?) } else { None };
        self.import_archive(file, options, archive).await
    }

    /// Keeps an archive for the other processes; its digest.
    pub(crate) async fn keep_archive(&self, file: &Path) -> Result<String, ServiceError> {
        let staged = self.store().blobs().stage_file(file).await?;
        let tx = self.store().begin().await?;
        staged.record(tx.db()).await?;
        tx.commit().await?;
        Ok(staged.digest().to_owned())
    }

    pub(crate) async fn import_archive(
        &self,
        file: &Path,
        options: ImportOptions,
        archive: Option<String>,
    ) -> Result<DataIdentity, ServiceError> {
        let _one = self.data().import.lock().await;
        let before = self.data().current();
        let identity = self.compile(file, options).await?;
        let Some(now) = self.data().reload()? else {
            return Err(ServiceError::internal("data was imported and is not there"));
        };
        let names = before.map(|before| now.changes_since(&before).into_iter().map(|changed| changed.name).collect());
        let new = build(now.identity(), archive);
        let tx = self.store().begin().await?;
        setting::activate_build(tx.db(), &new, clock::now()).await?;
        self.ask_for_rematch(tx.db(), names, &new.digest).await?;
        tx.commit().await?;
        self.wake();
        Ok(identity)
    }

    async fn compile(&self, file: &Path, options: ImportOptions) -> Result<DataIdentity, ServiceError> {
        let (source, folder) = (ImportSource::of_path(file), self.data().folder.clone());
        let imported = tokio::task::spawn_blocking(move || stopgate_vulndb::import(&source, &folder, &options)).await;
        let identity = imported.map_err(ServiceError::internal)?.map_err(|error| {
            ServiceError::invalid(format!("the data was not taken, the old stays in use: {}", with_causes(&error)))
        })?;
        self.data().moved();
        Ok(identity)
    }

    /// Follows data that somebody else took in: another program into this folder, or another process of the
    /// installation, whose archive is fetched and compiled here too.
    pub(crate) async fn follow_data(&self) -> Result<(), ServiceError> {
        let known = setting::current_build(self.store().read()).await?;
        let ours = || self.data().current().map(|data| data.identity().digest.to_string());
        let decides = known.as_ref().map(|known| known.digest.clone());
        if !self.data().moved() && (decides.is_none() || ours() == decides) {
            return Ok(());
        }
        let _one = self.data().import.lock().await;
        let before = self.data().current();
        let now = self.data().reload()?;
        let known = setting::current_build(self.store().read()).await?;
        if ours() == known.as_ref().map(|known| known.digest.clone()) {
            return Ok(());
        }
        let shared = self.store().shared();
        match known.filter(|_| shared).and_then(|known| Some((known.archive?, known.built_at))) {
            Some((archive, built)) if now.as_ref().is_none_or(|now| now.identity().built <= built) => {
                let scratch = self.scratch_file()?;
                self.store().blobs().read_to(&archive, scratch.path()).await?;
                let origin = "another process of the installation".to_owned();
                self.compile(scratch.path(), ImportOptions { force: true, origin, checksum: None }).await?;
                self.data().reload()?;
            }
            _ => {
                let Some(now) = now else { return Ok(()) };
                let names =
                    before.map(|before| now.changes_since(&before).into_iter().map(|changed| changed.name).collect());
                let new = build(now.identity(), None);
                let tx = self.store().begin().await?;
                setting::activate_build(tx.db(), &new, clock::now()).await?;
                self.ask_for_rematch(tx.db(), names, &new.digest).await?;
                tx.commit().await?;
                self.wake();
            }
        }
        Ok(())
    }

    /// A file that is gone when nobody holds it any more.
    pub(crate) fn scratch_file(&self) -> Result<tempfile::NamedTempFile, ServiceError> {
        let made = tempfile::NamedTempFile::new_in(self.options().folder.join("scratch"));
        made.map_err(|error| ServiceError::internal(format!("no scratch file: {error}")))
    }

    /// Asks for the sets of packages whose matches may have changed to be matched again: all of them when it is not known
    /// which names changed.
    async fn ask_for_rematch(&self, db: Db<'_>, names: Option<Vec<String>>, build: &str) -> Result<(), ServiceError> {
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
                body: json!({"sets": sets, "build": build}),
                delay: std::time::Duration::ZERO,
            };
            job::enqueue(db, &job).await?;
        }
        Ok(())
    }
}
