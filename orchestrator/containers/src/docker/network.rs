//! The networks of multi-node jobs.

use std::collections::HashMap;

use bollard::models::NetworkCreateRequest;
use bollard::query_parameters::PruneNetworksOptions;

use super::fault::Fault;
use super::{INSTANCE_LABEL, Shared};
use crate::launch::{Launch, Network};

/// The network that a launch shares with others.
pub(super) fn name(launch: &Launch) -> Option<&str> {
    match &launch.network {
        Network::Group { name, .. } => Some(name),
        Network::Bridge | Network::None | Network::Host => None,
    }
}

impl Shared {
    /// Makes the network if it is not there. Daemons let several have one name, so we look first, one at a time.
    pub(super) async fn ensure_network(&self, name: &str) -> Result<(), Fault> {
        let _one_at_a_time = self.networks.lock().await;
        let client = self.client().await?;
        match client.inspect_network(name, None).await {
            Ok(_) => return Ok(()),
            Err(error) => match self.fault(error) {
                Fault::Missing(_) => {}
                fault => return Err(fault),
            },
        }
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some("bridge".to_owned()),
            labels: Some(HashMap::from([(
                INSTANCE_LABEL.to_owned(),
                self.settings.instance.clone(),
            )])),
            ..NetworkCreateRequest::default()
        };
        match client.create_network(request).await {
            Ok(_) => Ok(()),
            Err(error) => match self.fault(error) {
                Fault::Conflict(_) => Ok(()),
                fault => Err(fault),
            },
        }
    }

    /// Removes the network if no container is in it any more.
    pub(super) async fn remove_network(&self, name: &str) -> Result<(), Fault> {
        let _one_at_a_time = self.networks.lock().await;
        let client = self.client().await?;
        match client.remove_network(name).await {
            Ok(()) => Ok(()),
            Err(error) => match self.fault(error) {
                // Others are still in it: the last one removes it. A node that is created but not started makes it again.
                Fault::Missing(_) | Fault::Refused(_) | Fault::Conflict(_) => Ok(()),
                fault => Err(fault),
            },
        }
    }

    /// Removes this instance's networks that no container is in.
    pub(super) async fn remove_unused_networks(&self) -> Result<(), Fault> {
        let _one_at_a_time = self.networks.lock().await;
        let options = PruneNetworksOptions {
            filters: Some(self.ours()),
        };
        let client = self.client().await?;
        match client.prune_networks(Some(options)).await {
            Ok(_) => Ok(()),
            Err(error) => match self.fault(error) {
                // Another prune is running.
                Fault::Conflict(_) => Ok(()),
                fault => Err(fault),
            },
        }
    }
}
