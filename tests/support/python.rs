//! Python programs that tests run: the one of the virtual environment that `tests/run` makes, else one made here.

use std::path::PathBuf;
use std::process::Command;

use super::binary::{root, target};

/// The interpreter of the virtual environment with `tests/requirements.txt`.
///
/// # Panics
/// When the environment can't be made, with pip's reason.
#[must_use]
pub fn python() -> PathBuf {
    let made = Command::new("bash")
        .arg(root().join("tests/python-environment"))
        .arg(target().join("python"))
        .output()
        .expect("bash can be started");
    assert!(
        made.status.success(),
        "cannot make the Python environment:\n{}",
        String::from_utf8_lossy(&made.stderr)
    );
    target().join("python/bin/python")
}
