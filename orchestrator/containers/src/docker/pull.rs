//! Fetching images.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bollard::auth::DockerCredentials;
use bollard::models::CreateImageInfo;
use bollard::query_parameters::CreateImageOptions;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::fault::Fault;
use super::{Credentials, Shared, lock};
use crate::runner::Told;

/// A pull that says nothing for so long has failed.
const SILENCE: Duration = Duration::from_secs(300);
/// How often progress is told.
const PACE: Duration = Duration::from_millis(500);

impl Shared {
    /// What those who want this image wait in line for: one pulls, the others then find it.
    pub(super) fn pull_line(&self, image: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut pulls = lock(&self.pulls);
        // Lines in which nobody stands are of no use.
        pulls.retain(|_, line| Arc::strong_count(line) > 1);
        Arc::clone(pulls.entry(image.to_owned()).or_default())
    }

    /// Fetches an image and tells how far it is.
    pub(super) async fn pull(&self, image: &str, told: &mpsc::Sender<Told>) -> Result<(), Fault> {
        let options = CreateImageOptions {
            from_image: Some(with_tag(image)),
            ..CreateImageOptions::default()
        };
        let credentials = credentials(&self.settings.registries, image);
        let client = self.client().await?;
        let mut events = client.create_image(Some(options), None, credentials);
        let mut progress = Progress::default();
        tell(told, format!("pulling {image}"));
        let mut told_at = Instant::now();
        loop {
            let event = match timeout(SILENCE, events.next()).await {
                Ok(Some(Ok(event))) => event,
                Ok(Some(Err(error))) => return Err(self.fault(error)),
                Ok(None) => return Ok(()),
                Err(_) => {
                    return Err(Fault::Refused(format!(
                        "no progress for {} s",
                        SILENCE.as_secs()
                    )));
                }
            };
            progress.take(event);
            if told_at.elapsed() >= PACE {
                told_at = Instant::now();
                tell(told, format!("pulling {image}: {}", progress.text()));
            }
        }
    }
}

/// Progress that nobody takes in time is of no use.
fn tell(told: &mpsc::Sender<Told>, text: String) {
    let _ = told.try_send(Told::Pulling { text });
}

/// Without a tag, the API would fetch all of them.
fn with_tag(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains(':') || image.contains('@') {
        image.to_owned()
    } else {
        format!("{image}:latest")
    }
}

/// The registry of an image: what is before the first slash, if it looks like a host.
fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => "docker.io",
    }
}

fn credentials(
    registries: &BTreeMap<String, Credentials>,
    image: &str,
) -> Option<DockerCredentials> {
    let registry = registry(image);
    let known = registries.get(registry)?;
    let address = match registry {
        "docker.io" => "https://index.docker.io/v1/",
        other => other,
    };
    Some(DockerCredentials {
        username: Some(known.username.clone()),
        password: Some(known.password.clone()),
        serveraddress: Some(address.to_owned()),
        ..DockerCredentials::default()
    })
}

/// How far the layers of an image are.
#[derive(Debug, Default)]
struct Progress {
    layers: BTreeMap<String, Layer>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Layer {
    done: bool,
    fetched: i64,
    size: i64,
}

impl Progress {
    fn take(&mut self, event: CreateImageInfo) {
        let (Some(id), Some(status)) = (event.id, event.status) else {
            return;
        };
        // "Pulling from library/busybox" has the tag in the layer's place.
        if status.starts_with("Pulling from") {
            return;
        }
        let layer = self.layers.entry(id).or_default();
        layer.done = matches!(status.as_str(), "Pull complete" | "Already exists");
        if status == "Downloading"
            && let Some(detail) = event.progress_detail
        {
            layer.fetched = detail.current.unwrap_or(layer.fetched);
            layer.size = detail.total.unwrap_or(layer.size);
        }
        if layer.done || status == "Download complete" {
            layer.fetched = layer.size;
        }
    }

    fn text(&self) -> String {
        let done = self.layers.values().filter(|layer| layer.done).count();
        let fetched: i64 = self.layers.values().map(|layer| layer.fetched).sum();
        let size: i64 = self.layers.values().map(|layer| layer.size).sum();
        let tenths = |bytes: i64| format!("{}.{}", bytes / 1_000_000, bytes / 100_000 % 10);
        format!(
            "{done} of {} layers, {} of {} MB",
            self.layers.len(),
            tenths(fetched),
            tenths(size)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{registry, with_tag};

    #[test]
    fn images_are_named_with_registry_and_tag() {
        for (image, named, from) in [
            ("busybox", "busybox:latest", "docker.io"),
            ("library/busybox:1.36", "library/busybox:1.36", "docker.io"),
            ("host:5000/a/b", "host:5000/a/b:latest", "host:5000"),
            ("host.example/a:b", "host.example/a:b", "host.example"),
            (
                "localhost/a@sha256:00",
                "localhost/a@sha256:00",
                "localhost",
            ),
        ] {
            assert_eq!((with_tag(image).as_str(), registry(image)), (named, from));
        }
    }
}
