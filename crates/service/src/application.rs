//! Applications with their versions and what these are made of.

use std::sync::Arc;

use stopgate_model::Artifact;
use stopgate_store::StoreError;
use stopgate_store::application::{self, Application, Association, Part, Version};
use stopgate_store::image;
use stopgate_store::source::{self, SourceRow};
use uuid::Uuid;

use crate::image::ImageView;
use crate::vulnerability::Vulnerable;
use crate::{Caller, Service, ServiceError, clock};

/// A part of a version with what it is.
#[derive(Debug, Clone)]
pub struct PartView {
    /// Its place in the version.
    pub association: Association,
    /// What it is.
    pub what: What,
}

/// An image or a source.
#[derive(Debug, Clone)]
pub enum What {
    /// An image.
    Image(Box<ImageView>),
    /// A source.
    Source(Box<SourceRow>),
}

fn named(name: &str, field: &str) -> Result<(), ServiceError> {
    if name.trim().is_empty() || name.chars().count() > 255 {
        return Err(ServiceError::invalid(format!("`{field}` has 1 to 255 characters")));
    }
    Ok(())
}

fn taken(error: StoreError, what: &str, name: &str) -> ServiceError {
    match error {
        StoreError::Duplicate => ServiceError::conflict(format!("there is already {what} `{name}`")),
        other => other.into(),
    }
}

impl Service {
    /// Applications of the account.
    pub async fn applications(&self, caller: &Caller) -> Result<Vec<Application>, ServiceError> {
        Ok(application::list(self.store().read(), caller.account_id()).await?)
    }

    /// The application with this id.
    pub async fn application(&self, caller: &Caller, uuid: &str) -> Result<Application, ServiceError> {
        let found = application::find(self.store().read(), caller.account_id(), uuid).await?;
        found.ok_or_else(|| ServiceError::not_found(format!("there is no application {uuid} in the account")))
    }

    /// Makes an application.
    pub async fn add_application(
        &self,
        caller: &Caller,
        name: &str,
        description: Option<&str>,
    ) -> Result<Application, ServiceError> {
        named(name, "name")?;
        let uuid = Uuid::new_v4().to_string();
        let tx = self.store().begin().await?;
        let made = application::create(tx.db(), caller.account_id(), &uuid, name, description, clock::now()).await;
        made.map_err(|error| taken(error, "an application", name))?;
        tx.commit().await?;
        self.application(caller, &uuid).await
    }

    /// Renames and describes an application; what is not given stays.
    pub async fn update_application(
        &self,
        caller: &Caller,
        uuid: &str,
        name: Option<&str>,
        description: Option<&str>,
    ) -> Result<Application, ServiceError> {
        let known = self.application(caller, uuid).await?;
        let name = name.unwrap_or(&known.name);
        named(name, "name")?;
        let description = description.or(known.description.as_deref());
        let tx = self.store().begin().await?;
        let done = application::update(tx.db(), known.id, name, description, clock::now()).await;
        done.map_err(|error| taken(error, "an application", name))?;
        tx.commit().await?;
        self.application(caller, uuid).await
    }

    /// Deletes an application with its versions; images and sources stay.
    pub async fn delete_application(&self, caller: &Caller, uuid: &str) -> Result<(), ServiceError> {
        let known = self.application(caller, uuid).await?;
        let tx = self.store().begin().await?;
        application::delete(tx.db(), known.id).await?;
        Ok(tx.commit().await?)
    }

    /// Versions of an application.
    pub async fn versions(&self, known: &Application) -> Result<Vec<Version>, ServiceError> {
        Ok(application::versions(self.store().read(), known.id).await?)
    }

    /// The version of an application with this id, with the application.
    pub async fn version(
        &self,
        caller: &Caller,
        application: &str,
        uuid: &str,
    ) -> Result<(Application, Version), ServiceError> {
        let known = self.application(caller, application).await?;
        let found = application::version(self.store().read(), known.id, uuid).await?;
        let missing = || ServiceError::not_found(format!("the application `{}` has no version {uuid}", known.name));
        let found = found.ok_or_else(missing)?;
        Ok((known, found))
    }

    /// Makes a version.
    pub async fn add_version(&self, caller: &Caller, application: &str, name: &str) -> Result<Version, ServiceError> {
        named(name, "version_name")?;
        let known = self.application(caller, application).await?;
        let uuid = Uuid::new_v4().to_string();
        let tx = self.store().begin().await?;
        let made = application::create_version(tx.db(), known.id, &uuid, name, clock::now()).await;
        made.map_err(|error| taken(error, "a version", name))?;
        tx.commit().await?;
        Ok(self.version(caller, application, &uuid).await?.1)
    }

    /// Renames a version.
    pub async fn rename_version(
        &self,
        caller: &Caller,
        application: &str,
        uuid: &str,
        name: &str,
    ) -> Result<Version, ServiceError> {
        named(name, "version_name")?;
        let (_, known) = self.version(caller, application, uuid).await?;
        let tx = self.store().begin().await?;
        let done = application::rename_version(tx.db(), known.id, name, clock::now()).await;
        done.map_err(|error| taken(error, "a version", name))?;
        tx.commit().await?;
        Ok(self.version(caller, application, uuid).await?.1)
    }

    /// Deletes a version.
    pub async fn delete_version(&self, caller: &Caller, application: &str, uuid: &str) -> Result<(), ServiceError> {
        let (_, known) = self.version(caller, application, uuid).await?;
        let tx = self.store().begin().await?;
        application::delete_version(tx.db(), known.id).await?;
        Ok(tx.commit().await?)
    }

    /// What a version is made of.
    pub async fn parts(&self, caller: &Caller, version: &Version) -> Result<Vec<PartView>, ServiceError> {
        let db = self.store().read();
        let mut all = Vec::new();
        for association in application::parts(db, version.id).await? {
            let what = match association.part {
                Part::Image(key) => match image::get(db, caller.account_id(), key).await? {
                    Some(image) => What::Image(Box::new(self.image(caller, &image.digest).await?)),
                    None => continue,
                },
                Part::Source(key) => match source::get(db, caller.account_id(), key).await? {
                    Some(source) => What::Source(Box::new(source)),
                    None => continue,
                },
            };
            all.push(PartView { association, what });
        }
        Ok(all)
    }

    /// Adds an image, by its digest, or a source, by its id, to a version.
    pub async fn add_part(
        &self,
        caller: &Caller,
        version: &Version,
        image: Option<&str>,
        source: Option<&str>,
    ) -> Result<PartView, ServiceError> {
        let part = match (image, source) {
            (Some(digest), _) => Part::Image(self.image(caller, digest).await?.image.id),
            (None, Some(uuid)) => {
                let found = source::find(self.store().read(), caller.account_id(), uuid).await?;
                let missing = || ServiceError::not_found(format!("there is no source {uuid} in the account"));
                Part::Source(found.ok_or_else(missing)?.id)
            }
            (None, None) => {
                let message = "`artifact_keys`: expected `image_digest` for an image, `source_id` for a source";
                return Err(ServiceError::invalid(message));
            }
        };
        let tx = self.store().begin().await?;
        application::add_part(tx.db(), version.id, &Uuid::new_v4().to_string(), part, clock::now()).await?;
        tx.commit().await?;
        let parts = self.parts(caller, version).await?;
        let added = parts.into_iter().find(|view| view.association.part == part);
        added.ok_or_else(|| ServiceError::internal("a part was added to a version and is not there"))
    }

    /// Takes something out of a version.
    pub async fn remove_part(&self, version: &Version, uuid: &str) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        if !application::remove_part(tx.db(), version.id, uuid).await? {
            return Err(ServiceError::not_found(format!("the version `{}` has no artifact {uuid}", version.name)));
        }
        Ok(tx.commit().await?)
    }

    /// What is in a part. Of one that is not analysed that is not known, which is a failure and not nothing.
    pub async fn part_content(&self, caller: &Caller, part: &PartView) -> Result<Arc<Artifact>, ServiceError> {
        match &part.what {
            What::Image(view) => {
                let (_, row) = self.analyzed(caller, &view.image.digest).await?;
                self.artifact(&row.analysis_blob).await
            }
            What::Source(source) => Ok(self.source_content(caller, &source.uuid).await?.1),
        }
    }

    /// Vulnerabilities of a part. Of one that is not analysed they are not known either.
    pub async fn part_vulnerabilities(
        &self,
        caller: &Caller,
        part: &PartView,
    ) -> Result<Vec<Vulnerable>, ServiceError> {
        match &part.what {
            What::Image(view) => Ok(self.vulnerabilities(caller, &view.image.digest).await?.1),
            What::Source(source) => self.source_vulnerabilities(caller, &source.uuid).await,
        }
    }
}
