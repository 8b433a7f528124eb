//! Where a service is called: at an endpoint of the operator's, else at AWS itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalogue::OneHost;
use crate::model::Model;
use crate::names::sdk_name;

/// The endpoints of the operator and the region.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Endpoints {
    /// For every service that has none of its own.
    pub all: Option<String>,
    /// By service, as `AWS_ENDPOINT_URL_<SERVICE>` names it (in small letters, words apart with `_`), or as workflows do.
    pub services: BTreeMap<String, String>,
    /// `eu-central-1`
    pub region: String,
}

/// Where a service is called and what for requests are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme, host and perhaps a path, without a slash at its end.
    pub url: String,
    /// The region in signatures.
    pub region: String,
    /// Whether it is AWS itself.
    pub is_aws: bool,
}

impl Endpoints {
    /// The endpoint that the operator gave a service by name.
    #[must_use]
    pub fn own(&self, service_id: &str) -> Option<&str> {
        let name = sdk_name(service_id);
        let variable = service_id.to_ascii_lowercase().replace([' ', '-'], "_");
        self.services
            .iter()
            .find(|(given, _)| **given == name || **given == variable || squeezed(given) == name)
            .map(|(_, url)| url.as_str())
    }

    /// Where the service of a model is called.
    #[must_use]
    pub fn of(&self, model: &Model, one_host: Option<&OneHost>) -> Endpoint {
        let given = self.own(&model.metadata.service_id).or(self.all.as_deref());
        if let Some(url) = given {
            return Endpoint {
                url: url.trim_end_matches('/').to_owned(),
                region: self.region.clone(),
                is_aws: false,
            };
        }
        let china = self.region.starts_with("cn-");
        if let Some(one) = one_host.filter(|_| !china && !self.region.starts_with("us-gov-")) {
            return Endpoint {
                url: format!("https://{}", one.host),
                region: one.region.clone(),
                is_aws: true,
            };
        }
        let suffix = if china {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        Endpoint {
            url: format!(
                "https://{}.{}.{suffix}",
                model.metadata.endpoint_prefix, self.region
            ),
            region: self.region.clone(),
            is_aws: true,
        }
    }
}

fn squeezed(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}
