//! Corrections of what packages are.

use stopgate_api_types::correction::{Correction, CorrectionList};

use crate::{Client, ClientError, Reply};

impl Client {
    /// Lists corrections.
    pub fn correction_list(&self) -> Result<Reply<CorrectionList>, ClientError> {
        self.get(&["corrections"]).reply()
    }

    /// Adds a correction.
    pub fn correction_add(&self, correction: &Correction) -> Result<Reply<Correction>, ClientError> {
        self.post(&["corrections"]).json(correction).reply()
    }

    /// One correction.
    pub fn correction_get(&self, id: &str) -> Result<Reply<Correction>, ClientError> {
        self.get(&["corrections", id]).reply()
    }

    /// Deletes a correction.
    pub fn correction_delete(&self, id: &str) -> Result<(), ClientError> {
        self.delete(&["corrections", id]).done()
    }
}
