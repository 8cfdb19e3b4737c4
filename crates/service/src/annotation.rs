//! Notes about vulnerabilities of an image: what they say counts as VEX statements when something is decided about it.

use serde_json::Value;
use stopgate_model::{Artifact, Match, Package, VexJustification, VexStatement, VexStatus};
use stopgate_store::account;
use stopgate_store::annotation::{self, AnnotationRow};
use stopgate_store::image::Image;
use stopgate_store::job::Priority;
use stopgate_store::{Db, StoreError, tag};
use uuid::Uuid;

use crate::{Caller, Service, ServiceError, clock};

/// A note as it is written.
#[derive(Debug, Clone)]
pub struct Note {
    /// Id of the vulnerability.
    pub vulnerability: String,
    /// Name, version and type of the package; nothing for the whole image.
    pub package: Option<(String, String, String)>,
    /// What it says.
    pub body: Value,
}

impl Service {
    /// Notes about an image.
    pub async fn annotations(
        &self,
        caller: &Caller,
        digest: &str,
    ) -> Result<(Image, Vec<AnnotationRow>), ServiceError> {
        let image = self.image(caller, digest).await?.image;
        let rows = annotation::list(self.store().read(), caller.account_id(), image.id).await?;
        Ok((image, rows))
    }

    /// The note with this id.
    pub async fn annotation(
        &self,
        caller: &Caller,
        digest: &str,
        uuid: &str,
    ) -> Result<(Image, AnnotationRow), ServiceError> {
        let image = self.image(caller, digest).await?.image;
        let found = annotation::find(self.store().read(), caller.account_id(), image.id, uuid).await?;
        let missing = || ServiceError::not_found(format!("the image {digest} has no annotation {uuid}"));
        Ok((image, found.ok_or_else(missing)?))
    }

    /// Adds a note; there is one about a vulnerability of a package at the most.
    pub async fn annotate(&self, caller: &Caller, digest: &str, new: &Note) -> Result<AnnotationRow, ServiceError> {
        check(new)?;
        let image = self.image(caller, digest).await?.image;
        let now = clock::now();
        let row = AnnotationRow {
            uuid: Uuid::new_v4().to_string(),
            vulnerability: new.vulnerability.clone(),
            package: new.package.clone(),
            author: caller.user.name.clone(),
            version: 1,
            body: new.body.clone(),
            created_at: now,
            updated_at: now,
        };
        let tx = self.store().begin().await?;
        match annotation::create(tx.db(), caller.account_id(), image.id, &row).await {
            Err(StoreError::Duplicate) => {
                return Err(ServiceError::conflict(format!(
                    "there is already an annotation of `{}` for this package; change that one",
                    new.vulnerability
                )));
            }
            done => done?,
        }
        self.annotated(tx.db(), &image).await?;
        tx.commit().await?;
        self.wake();
        Ok(row)
    }

    /// Changes what a note says; what it is about stays.
    pub async fn update_annotation(
        &self,
        caller: &Caller,
        digest: &str,
        uuid: &str,
        body: Value,
    ) -> Result<AnnotationRow, ServiceError> {
        let (image, known) = self.annotation(caller, digest, uuid).await?;
        let row = AnnotationRow {
            author: caller.user.name.clone(),
            version: known.version.saturating_add(1),
            body,
            updated_at: clock::now(),
            ..known
        };
        let tx = self.store().begin().await?;
        annotation::update(tx.db(), caller.account_id(), &row).await?;
        self.annotated(tx.db(), &image).await?;
        tx.commit().await?;
        self.wake();
        Ok(row)
    }

    /// Deletes a note.
    pub async fn delete_annotation(&self, caller: &Caller, digest: &str, uuid: &str) -> Result<(), ServiceError> {
        let (image, known) = self.annotation(caller, digest, uuid).await?;
        let tx = self.store().begin().await?;
        annotation::delete(tx.db(), caller.account_id(), &known.uuid).await?;
        self.annotated(tx.db(), &image).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// Asks for new decisions about an image whose notes changed.
    async fn annotated(&self, db: Db<'_>, image: &Image) -> Result<(), ServiceError> {
        for tag in tag::of_images(db, image.account, &[image.id]).await?.iter().filter(|tag| tag.current) {
            self.evaluate_tag(db, image.account, image.id, &tag.full(), Priority::Changed).await?;
        }
        Ok(account::touch(db, image.account).await?)
    }

    /// Notes about an image, for who decides about it.
    pub(crate) async fn notes(&self, image: &Image) -> Result<Vec<AnnotationRow>, ServiceError> {
        Ok(annotation::list(self.store().read(), image.account, image.id).await?)
    }
}

fn check(new: &Note) -> Result<(), ServiceError> {
    if new.vulnerability.trim().is_empty() {
        return Err(ServiceError::invalid("`annotation.vulnerability_id` is empty"));
    }
    if let Some((name, _, _)) = &new.package
        && name.is_empty()
    {
        return Err(ServiceError::invalid("`package_identifier.name` is empty"));
    }
    Ok(())
}

fn text<'a>(row: &'a AnnotationRow, field: &str) -> Option<&'a str> {
    row.body.get(field).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Whether a note is about a package.
fn is_about(row: &AnnotationRow, package: &Package) -> bool {
    row.package.as_ref().is_none_or(|(name, version, kind)| {
        *name == package.name
            && *version == package.version
            && kind.eq_ignore_ascii_case(package.package_type.anchore())
    })
}

/// What notes say, as statements about packages of an artifact. A note about a package that is not in it says nothing.
pub fn statements(notes: &[AnnotationRow], artifact: &Artifact) -> Vec<VexStatement> {
    let mut all = Vec::new();
    for row in notes {
        let Some(status) = text(row, "status").and_then(VexStatus::parse) else { continue };
        let mut products: Vec<String> = Vec::new();
        if row.package.is_some() {
            let about = artifact.packages.iter().filter(|package| is_about(row, package));
            products.extend(about.map(|package| package.purl.clone()));
            products.sort();
            products.dedup();
            if products.is_empty() {
                continue;
            }
        }
        let texts = match status {
            VexStatus::Affected => ["action_statement", "status_notes", "impact_statement"],
            _ => ["impact_statement", "status_notes", "action_statement"],
        };
        all.push(VexStatement {
            vulnerability: row.vulnerability.clone(),
            aliases: Vec::new(),
            products,
            subcomponents: Vec::new(),
            status,
            justification: text(row, "justification").and_then(VexJustification::parse),
            statement: texts.iter().find_map(|field| text(row, field)).unwrap_or_default().to_owned(),
            document: format!("annotation:{}", row.uuid),
            timestamp: row.updated_at.to_string(),
        });
    }
    all
}

/// The newest note about a match.
pub fn about<'a>(notes: &'a [AnnotationRow], matched: &Match, package: &Package) -> Option<&'a AnnotationRow> {
    let known = &matched.vulnerability;
    let named = |id: &str| {
        let related = known.related.iter().map(|related| related.id.as_str());
        let mut ids = std::iter::once(known.id.as_str()).chain(known.aliases.iter().map(String::as_str)).chain(related);
        ids.any(|own| own.eq_ignore_ascii_case(id))
    };
    notes.iter().filter(|row| named(&row.vulnerability) && is_about(row, package)).max_by_key(|row| row.updated_at)
}
