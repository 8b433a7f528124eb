//! Where the binary under test is.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The binary: the one that `RATCHET_BIN` names, else the one that belongs to this build, brought up to date.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn ratchet() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match env::var_os("RATCHET_BIN") {
        Some(path) => PathBuf::from(path),
        None => build(),
    })
}

/// The repository's root.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are in a directory of the repository")
}

/// The directory that cargo builds into.
#[must_use]
pub fn target() -> PathBuf {
    let test = env::current_exe().expect("a running program has a path");
    // target/debug/deps/test-0123456789abcdef
    let profile = test.ancestors().nth(2).expect("tests are built into deps");
    profile
        .parent()
        .expect("a profile's directory is in the target's")
        .to_owned()
}

fn build() -> PathBuf {
    let test = env::current_exe().expect("a running program has a path");
    let directory = test.ancestors().nth(2).expect("tests are built into deps");
    let profile = match directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--package",
            "server",
            "--profile",
            profile,
        ])
        .arg("--target-dir")
        .arg(target())
        .current_dir(root())
        .status()
        .expect("cargo can be started");
    assert!(built.success(), "cannot build the binary");
    directory.join("ratchet")
}
