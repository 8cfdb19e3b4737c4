//! What was seen running.

use stopgate_api_types::inventory::InventoryItems;

use crate::{Client, ClientError, Reply};

impl Client {
    /// Lists images that were seen running.
    pub fn inventory_list(
        &self,
        kind: Option<&str>,
        context: Option<&str>,
        digest: Option<&str>,
    ) -> Result<Reply<InventoryItems>, ClientError> {
        self.get(&["inventories"])
            .query("inventory_type", kind)
            .query("context", context)
            .query("image_digest", digest)
            .reply()
    }

    /// Forgets what was seen in a context.
    pub fn inventory_delete(&self, kind: &str, context: &str, digest: Option<&str>) -> Result<(), ClientError> {
        self.delete(&["inventories"])
            .query("inventory_type", Some(kind))
            .query("context", Some(context))
            .query("image_digest", digest)
            .done()
    }
}
