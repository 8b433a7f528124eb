//! Where passwords come from that stand in no URL: `PGPASSWORD`, and the password file.

use std::path::PathBuf;

use integrations::replication::Passwords;

use crate::config::layers::Environment;

/// The passwords of the environment.
pub(crate) fn from_environment(environment: &Environment) -> Passwords {
    let path = match (environment.get("PGPASSFILE"), environment.get("HOME")) {
        (Some(path), _) => Some(PathBuf::from(path)),
        (None, Some(home)) => Some(PathBuf::from(home).join(".pgpass")),
        (None, None) => None,
    };
    let text = path.and_then(|path| {
        if is_open_to_others(&path) {
            tracing::warn!(
                file = %path.display(),
                "the password file is not used: others may read it; its mode must be u=rw (0600) or less"
            );
            return None;
        }
        std::fs::read_to_string(path).ok()
    });
    let everywhere = environment.get("PGPASSWORD").map(str::to_owned);
    Passwords::new(everywhere, text.as_deref())
}

/// As libpq, which wants such a file for its owner alone.
fn is_open_to_others(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}
