//! Fetching images, from a registry that is made here.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use containers::docker::{Credentials, PullPolicy};
use containers::{Launch, Told};
use tempfile::TempDir;
use tests::support::docker::{Daemon, archive};

use crate::bed::{Bed, outcome_text, script};

/// Who may fetch from a registry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Door {
    Open,
    /// One user.
    Locked,
}

/// A registry with an image that has the tag 1 under every name but `nothing`.
struct Registry {
    address: String,
    manifests_served: Arc<AtomicUsize>,
}

struct Blob {
    digest: String,
    bytes: Vec<u8>,
}

fn blob(home: &TempDir, name: &str, bytes: Vec<u8>) -> Blob {
    let path = home.path().join(name);
    fs::write(&path, &bytes).unwrap();
    let sum = Command::new("sha256sum").arg(&path).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap();
    Blob {
        digest: format!("sha256:{}", &sum[..64]),
        bytes,
    }
}

impl Registry {
    fn start(daemon: &Daemon, door: Door) -> Self {
        let home = TempDir::new().unwrap();
        let layer = blob(&home, "layer", archive(&home.path().join("root")));
        let mut gzip = Command::new("gzip")
            .args(["-1", "-c"])
            .arg(home.path().join("layer"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut packed = Vec::new();
        gzip.stdout
            .take()
            .unwrap()
            .read_to_end(&mut packed)
            .unwrap();
        gzip.wait().unwrap();
        let packed = blob(&home, "packed", packed);
        let config = serde_json::json!({
            "architecture": "amd64", "os": "linux", "config": {"Cmd": ["true"]},
            "rootfs": {"type": "layers", "diff_ids": [layer.digest]},
        });
        let config = blob(&home, "config", config.to_string().into_bytes());
        let manifest = serde_json::json!({
            "schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": config.bytes.len(), "digest": config.digest},
            "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": packed.bytes.len(), "digest": packed.digest}],
        });
        let manifest = blob(&home, "manifest", manifest.to_string().into_bytes());
        let manifests_served = Arc::new(AtomicUsize::new(0));
        let served = Arc::clone(&manifests_served);
        let network = daemon.network();
        // The listener belongs to the daemon's network, as the thread that makes it does.
        let listener = thread::spawn(move || {
            rustix::thread::move_into_link_name_space(
                network.as_fd(),
                Some(rustix::thread::LinkNameSpaceType::Network),
            )
            .unwrap();
            TcpListener::bind("127.0.0.1:0").unwrap()
        });
        let listener = listener.join().unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let blobs = Arc::new([manifest, config, packed]);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (blobs, served) = (Arc::clone(&blobs), Arc::clone(&served));
                thread::spawn(move || answer(&stream, door, &blobs, &served));
            }
        });
        Self {
            address,
            manifests_served,
        }
    }
}

fn answer(stream: &TcpStream, door: Door, blobs: &[Blob; 3], served: &AtomicUsize) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    let head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    let (method, path) = request.split_once(' ').unwrap();
    let path = path.split(' ').next().unwrap();
    let manifest_type = "application/vnd.docker.distribution.manifest.v2+json";
    // base64 of `someone:opens`.
    let known = head
        .iter()
        .any(|line| line.contains("Basic c29tZW9uZTpvcGVucw=="));
    let by_digest = blobs.iter().find(|blob| path.ends_with(&blob.digest));
    let front = path == "/v2/" || path == "/v2";
    let found = if door == Door::Locked && !known {
        let _ = (&*stream).write_all(
            b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        );
        return;
    } else if front {
        Some((&[][..], "", "application/json"))
    } else if path.contains("/nothing/") {
        None
    } else if path.contains("/manifests/") && (path.ends_with("/1") || by_digest.is_some()) {
        if method == "GET" {
            served.fetch_add(1, Ordering::SeqCst);
        }
        Some((&blobs[0].bytes[..], blobs[0].digest.as_str(), manifest_type))
    } else {
        by_digest.map(|blob| {
            (
                &blob.bytes[..],
                blob.digest.as_str(),
                "application/octet-stream",
            )
        })
    };
    let (status, (body, digest, kind)) = match found {
        Some(found) => ("200 OK", found),
        None => (
            "404 Not Found",
            (
                &br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#[..],
                "",
                "application/json",
            ),
        ),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nDocker-Content-Digest: {digest}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = (&*stream).write_all(head.as_bytes());
    if method == "GET" {
        // In pieces, so that there is progress to be told.
        for piece in body.chunks(256 << 10) {
            if (&*stream).write_all(piece).is_err() {
                return;
            }
            if body.len() > 300_000 {
                thread::sleep(Duration::from_millis(150));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_pulled_with_progress_or_a_clear_failure() {
    let daemon = Daemon::start();
    let registry = Registry::start(&daemon, Door::Open);
    let locked = Registry::start(&daemon, Door::Locked);
    let image = |name: &str| format!("{}/{name}", registry.address);
    let bed = Bed::docker(&daemon, |_| {});
    let of = |attempt: &str, name: &str| Launch {
        image: image(name),
        ..script(attempt, "echo from the registry")
    };

    // Several want it at once: one pull.
    let (first, second) = tokio::join!(
        bed.run(of("first", "tool:1")),
        bed.run(of("second", "tool:1"))
    );
    for ran in [&first, &second] {
        assert_eq!(outcome_text(&ran.outcome), "exited 0: no reason");
        assert_eq!(ran.log, ["from the registry"]);
    }
    let told: Vec<&str> = [&first, &second]
        .iter()
        .flat_map(|ran| &ran.told)
        .filter_map(|told| match told {
            Told::Pulling { text } => Some(text.as_str()),
            Told::Started { .. } => None,
        })
        .collect();
    assert_eq!(told[0], format!("pulling {}", image("tool:1")));
    assert!(
        told.iter()
            .any(|text| text.contains(" of 1 layers, ") && text.ends_with(" MB")),
        "{told:?}"
    );
    assert_eq!(
        told.iter().filter(|text| !text.contains("layers")).count(),
        1,
        "{told:?}"
    );
    assert_eq!(registry.manifests_served.load(Ordering::SeqCst), 1);

    // It is there now.
    let again = bed.run(of("again", "tool:1")).await;
    assert_eq!(
        again.text(),
        "started\nexited 0: no reason\n| from the registry\n"
    );
    // Unless every attempt is to ask.
    let always = Bed::docker(&daemon, |settings| settings.pull = PullPolicy::Always);
    let ran = always.run(of("always", "tool:1")).await;
    assert!(ran.text().starts_with("pulling: "), "{}", ran.text());
    // An attempt that is there already does not wait for a pull.
    assert!(
        always
            .run(of("always", "tool:1"))
            .await
            .text()
            .starts_with("started\n")
    );

    for (attempt, name, sign) in [
        ("no-image", "nothing:1", "manifest unknown"),
        ("no-tag", "tool:2", "manifest unknown"),
    ] {
        let text = bed.run(of(attempt, name)).await;
        let text = outcome_text(&text.outcome);
        assert!(
            text.starts_with(
                "failed to start, None: CannotPullContainerError: Error response from daemon: "
            ) && text.contains(sign),
            "{text}"
        );
    }
    let secret = |attempt: &str| Launch {
        image: format!("{}/secret:1", locked.address),
        ..script(attempt, "true")
    };
    let text = outcome_text(&bed.run(secret("no-right")).await.outcome);
    assert!(
        text.contains("CannotPullContainerError") && text.contains("no basic auth credentials"),
        "{text}"
    );
    let nowhere = Launch {
        image: "127.0.0.1:1/a:b".into(),
        ..script("nowhere", "true")
    };
    let text = outcome_text(&bed.run(nowhere).await.outcome);
    assert!(
        text.contains("CannotPullContainerError") && text.contains("refused"),
        "{text}"
    );
    let wrong = Launch {
        image: "Not An Image".into(),
        ..script("wrong", "true")
    };
    let text = outcome_text(&bed.run(wrong).await.outcome);
    assert!(text.contains("invalid reference format"), "{text}");

    let known = Bed::docker(&daemon, |settings| {
        let credentials = Credentials {
            username: "someone".into(),
            password: "opens".into(),
        };
        settings
            .registries
            .insert(locked.address.clone(), credentials);
    });
    let ran = known.run(secret("a-right")).await;
    assert_eq!(outcome_text(&ran.outcome), "exited 0: no reason");
}
