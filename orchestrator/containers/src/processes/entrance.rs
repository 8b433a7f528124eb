//! The last step before the command: this process joins the limits, takes the user, and becomes the command.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use rustix::io::{FdFlags, fcntl_dupfd_cloexec};
use rustix::process::{Resource, Rlimit, setrlimit};

use super::cgroup;
use super::place::Place;
use crate::launch::{Launch, Ulimit};

/// Where commands are looked for, unless the launch says so.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Becomes the command of the attempt in this directory. Standard input is a pipe to the shim: what is written to it is `<code> <why>` of a
/// failure; nothing, when it closes because the command has begun.
pub(super) fn run(directory: OsString) -> ExitCode {
    let Ok(pipe) = fcntl_dupfd_cloexec(io::stdin(), 3) else {
        return ExitCode::from(125);
    };
    debug_assert!(
        rustix::io::fcntl_getfd(&pipe).is_ok_and(|flags| flags.contains(FdFlags::CLOEXEC))
    );
    let (code, why) = enter(&Place::of(directory.into()));
    // The shim is there as long as the attempt is.
    let _ = write!(fs::File::from(pipe), "{code} {why}");
    ExitCode::from(code)
}

/// Returns only if it can't.
fn enter(place: &Place) -> (u8, String) {
    let order = match place.order() {
        Ok(Some(order)) => order,
        Ok(None) => return (125, "its order is gone".to_owned()),
        Err(error) => return (125, error.to_string()),
    };
    let launch = order.launch;
    if let Err(error) = cgroup::join(&order.groups) {
        return (125, format!("cannot join its cgroups: {error}"));
    }
    for ulimit in &launch.ulimits {
        if let Err(why) = limit(ulimit) {
            return (125, why);
        }
    }
    let Some((program, arguments)) = launch.command.split_first() else {
        return (125, "there is no command".to_owned());
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .env("HOME", place.work())
        .envs(launch.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null());
    let start = working_directory(place, &launch);
    command.current_dir(&start);
    if let Some(user) = &launch.user {
        match find_user(user) {
            Ok((user, group)) => {
                // The directory that was made for it is its own.
                let _ = std::os::unix::fs::chown(place.work(), Some(user), Some(group));
                command.uid(user).gid(group);
            }
            Err(why) => return (125, why),
        }
    }
    let error = command.exec();
    if !start.is_dir() {
        return (
            126,
            format!("there is no directory {} to start in", start.display()),
        );
    }
    let code = if error.kind() == io::ErrorKind::NotFound {
        127
    } else {
        126
    };
    (code, format!("cannot execute {program}: {error}"))
}

fn working_directory(place: &Place, launch: &Launch) -> std::path::PathBuf {
    match &launch.working_directory {
        Some(directory) => Path::new(directory).to_owned(),
        None => place.work(),
    }
}

fn limit(ulimit: &Ulimit) -> Result<(), String> {
    let resource = match ulimit.name.as_str() {
        "core" => Resource::Core,
        "cpu" => Resource::Cpu,
        "data" => Resource::Data,
        "fsize" => Resource::Fsize,
        "locks" => Resource::Locks,
        "memlock" => Resource::Memlock,
        "msgqueue" => Resource::Msgqueue,
        "nice" => Resource::Nice,
        "nofile" => Resource::Nofile,
        "nproc" => Resource::Nproc,
        "rss" => Resource::Rss,
        "rtprio" => Resource::Rtprio,
        "rttime" => Resource::Rttime,
        "sigpending" => Resource::Sigpending,
        "stack" => Resource::Stack,
        other => return Err(format!("there is no ulimit {other}")),
    };
    let rlimit = Rlimit {
        current: u64::try_from(ulimit.soft).ok(),
        maximum: u64::try_from(ulimit.hard).ok(),
    };
    setrlimit(resource, rlimit).map_err(|error| {
        format!(
            "cannot set the ulimit {} to {}:{}: {error}",
            ulimit.name, ulimit.soft, ulimit.hard
        )
    })
}

/// The numbers of `user` or `user:group`, each a name or a number.
fn find_user(text: &str) -> Result<(u32, u32), String> {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let known = users.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let matches = fields.first() == Some(&user) || fields.get(2) == Some(&user);
        let number = |at: usize| fields.get(at)?.parse::<u32>().ok();
        matches.then(|| Some((number(2)?, number(3)?)))?
    });
    let (user, its_group) = match (known, user.parse()) {
        (Some((user, group)), _) => (user, group),
        (None, Ok(number)) => (number, number),
        (None, Err(_)) => return Err(format!("there is no user {user} on this machine")),
    };
    let Some(group) = group else {
        return Ok((user, its_group));
    };
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    let known = groups.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        (fields.first() == Some(&group)).then(|| fields.get(2)?.parse().ok())?
    });
    match known.or_else(|| group.parse().ok()) {
        Some(group) => Ok((user, group)),
        None => Err(format!("there is no group {group} on this machine")),
    }
}
