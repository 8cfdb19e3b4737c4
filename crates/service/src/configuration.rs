//! Settings of the installation that can be changed while it runs.

use jiff::Timestamp;
use serde_json::{Value, json};
use stopgate_store::{Db, setting};

use crate::{Service, ServiceError, clock};

/// A setting: whole numbers within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its key.
    pub key: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What it does, and its unit.
    pub description: &'static str,
    /// What it belongs to.
    pub category: &'static str,
    /// Its value unless another was set.
    pub default: i64,
    /// The smallest and the largest value.
    pub bounds: (i64, i64),
}

/// Days after which what nobody reports any more is forgotten.
pub(crate) const INVENTORY_DAYS: Setting = Setting {
    key: "inventory_ttl_days",
    title: "Days of runtime inventory",
    description: "Days after which something that no agent has reported since is forgotten",
    category: "inventory",
    default: 120,
    bounds: (1, 3_650),
};

/// All settings.
pub const SETTINGS: &[Setting] = &[INVENTORY_DAYS];

impl Setting {
    /// Its JSON Schema.
    pub fn schema(&self) -> Value {
        json!({
            "title": self.title, "description": self.description, "type": "integer", "default": self.default,
            "minimum": self.bounds.0, "maximum": self.bounds.1,
        })
    }

    fn accept(&self, value: &Value) -> Result<i64, ServiceError> {
        let (least, most) = self.bounds;
        let number = value.as_i64().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| {
            ServiceError::invalid(format!("`{}`: expected a whole number from {least} to {most}", self.key))
        })
    }
}

/// A setting with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingView {
    /// The setting.
    pub setting: Setting,
    /// Its value.
    pub value: i64,
    /// Whether it was set.
    pub set: bool,
}

fn name(key: &str) -> String {
    format!("config.{key}")
}

fn known(key: &str) -> Result<&'static Setting, ServiceError> {
    let found = SETTINGS.iter().find(|setting| setting.key == key);
    found.ok_or_else(|| {
        let shown: String = key.chars().take(100).collect();
        ServiceError::not_found(format!("there is no setting `{shown}`"))
    })
}

/// The value of a setting.
pub(crate) async fn value(db: Db<'_>, setting: &Setting) -> Result<SettingView, ServiceError> {
    let kept = setting::get(db, &name(setting.key)).await?.and_then(|text| text.parse().ok());
    Ok(SettingView { setting: *setting, value: kept.unwrap_or(setting.default), set: kept.is_some() })
}

impl Service {
    /// All settings.
    pub async fn settings(&self) -> Result<Vec<SettingView>, ServiceError> {
        let mut all = Vec::new();
        for setting in SETTINGS {
            all.push(value(self.store().read(), setting).await?);
        }
        Ok(all)
    }

    /// One setting.
    pub async fn setting(&self, key: &str) -> Result<SettingView, ServiceError> {
        value(self.store().read(), known(key)?).await
    }

    /// Sets some: all or none.
    pub async fn set_settings(&self, new: &[(String, Value)]) -> Result<(), ServiceError> {
        let now: Timestamp = clock::now();
        let tx = self.store().begin().await?;
        for (key, value) in new {
            let number = known(key)?.accept(value)?;
            setting::set(tx.db(), &name(key), &number.to_string(), now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Back to the value that it has unless it is set.
    pub async fn unset_setting(&self, key: &str) -> Result<(), ServiceError> {
        let known = known(key)?;
        let tx = self.store().begin().await?;
        setting::unset(tx.db(), &name(known.key)).await?;
        Ok(tx.commit().await?)
    }
}
