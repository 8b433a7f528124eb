//! What the handle and the actor both see.

use std::sync::{Arc, PoisonError, RwLock};

use store::contract::Store;
use tokio::sync::Mutex;

use crate::catalogue::Catalogue;
use crate::engines::Engines;
use crate::options::Options;

/// What the handle and the actor both see.
pub(crate) struct Shared {
    pub(crate) options: Arc<Options>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) engines: Engines,
    /// As it is committed.
    catalogue: RwLock<Arc<Catalogue>>,
    /// Held from the check of a change to its commit, so that no other comes in between.
    pub(crate) turn: Mutex<()>,
}

impl Shared {
    /// With that catalogue.
    pub(crate) fn new(
        options: Arc<Options>,
        store: Arc<dyn Store>,
        engines: Engines,
        catalogue: Catalogue,
    ) -> Self {
        Self {
            options,
            store,
            engines,
            catalogue: RwLock::new(Arc::new(catalogue)),
            turn: Mutex::new(()),
        }
    }

    /// Everything that is not a job, as it is committed.
    pub(crate) fn catalogue(&self) -> Arc<Catalogue> {
        let catalogue = self.catalogue.read();
        Arc::clone(&catalogue.unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows a newer one.
    pub(crate) fn publish(&self, catalogue: Arc<Catalogue>) {
        let mut shown = self
            .catalogue
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *shown = catalogue;
    }
}
