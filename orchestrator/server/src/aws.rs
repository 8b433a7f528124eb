//! What calls of AWS's services find in the surroundings: endpoints, access keys, and this very server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use api::server::router;
use api::services::Services;
use aws_client::credentials::Credentials;
use aws_client::transport::{Transport, Unreachable};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::BodyExt;
use tokio::sync::watch;
use tower::ServiceExt;

use crate::config::layers::Environment;

/// What the variables of the AWS tools for single services begin with.
const ENDPOINT: &str = "AWS_ENDPOINT_URL_";

/// The endpoints of single services: `AWS_ENDPOINT_URL_SQS` is that of `sqs`.
pub(crate) fn endpoints(environment: &Environment) -> BTreeMap<String, String> {
    let named = environment.beginning_with(ENDPOINT);
    named
        .map(|(rest, url)| (rest.to_ascii_lowercase(), url.to_owned()))
        .collect()
}

/// The access key of the profile in force, from the files of the AWS tools.
pub(crate) fn of_profile(environment: &Environment) -> Option<Credentials> {
    let home = environment.get("HOME").map(PathBuf::from);
    let file = |variable: &str, name: &str| {
        let path = match environment.get(variable) {
            Some(path) => Some(PathBuf::from(path)),
            None => home.as_ref().map(|home| home.join(".aws").join(name)),
        };
        path.and_then(|path| read(&path)).unwrap_or_default()
    };
    let profile = environment.get("AWS_PROFILE").unwrap_or("default");
    Credentials::of_profile(
        profile,
        &file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        &file("AWS_CONFIG_FILE", "config"),
    )
}

fn read(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// This very server, for `aws-sdk:sfn`: the same answers as over a connection, without one. Its router comes when it is there; calls wait for
/// it.
#[derive(Clone, Default)]
pub(crate) struct OwnApi(Arc<watch::Sender<Option<Router>>>);

impl OwnApi {
    /// From now on calls are answered.
    pub(crate) fn begin(&self, services: Services, options: api::options::Options) {
        self.0.send_replace(Some(router(services, options)));
    }

    /// Calls are answered no more.
    pub(crate) fn close(&self) {
        self.0.send_replace(None);
    }
}

impl Transport for OwnApi {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, Unreachable>> {
        let mut begun = self.0.subscribe();
        Box::pin(async move {
            let broken = |text: String| Unreachable::Broken(text);
            let router = match begun.wait_for(Option::is_some).await {
                Ok(router) => router.clone(),
                Err(_) => None,
            };
            let router = router.ok_or_else(|| broken("the server is closed".to_owned()))?;
            let answered = router.oneshot(request.map(Body::from)).await;
            let (head, body) = match answered {
                Ok(response) => response.into_parts(),
                Err(never) => match never {},
            };
            let body = body.collect().await;
            let body = body.map_err(|error| broken(error.to_string()))?;
            Ok(Response::from_parts(head, body.to_bytes()))
        })
    }
}
