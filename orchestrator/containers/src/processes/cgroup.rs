//! Limits by cgroups, of either version.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::launch::Launch;

const ROOT: &str = "/sys/fs/cgroup";
/// The period of CPU accounting, in microseconds.
const PERIOD: u64 = 100_000;

/// Where groups can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cgroups {
    /// One tree for all.
    Two { parent: PathBuf },
    /// A tree for each controller.
    One {
        memory: Option<PathBuf>,
        cpu: Option<PathBuf>,
    },
}

/// A group of one attempt: made, set and joined in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) path: PathBuf,
    /// Files in it, and what goes into them. Those that end in `?` need not be there.
    pub(super) settings: Vec<(String, String)>,
}

impl Cgroups {
    /// What this machine has and we may use; else why not.
    pub(super) fn find() -> Result<Self, String> {
        let own = fs::read_to_string("/proc/self/cgroup")
            .map_err(|error| format!("cannot read /proc/self/cgroup: {error}"))?;
        Self::find_in(Path::new(ROOT), &own)
    }

    fn find_in(root: &Path, own: &str) -> Result<Self, String> {
        if root.join("cgroup.controllers").exists() {
            let path = own.lines().find_map(|line| line.strip_prefix("0::"));
            let path = path.ok_or("/proc/self/cgroup names no group of version 2")?;
            return unified(root, path);
        }
        let one = |controller: &str| {
            let path = own.lines().find_map(|line| {
                let mut fields = line.splitn(3, ':');
                let controllers = fields.nth(1)?;
                let path = fields.next()?;
                controllers
                    .split(',')
                    .any(|name| name == controller)
                    .then_some(path)
            })?;
            let parent = root
                .join(controller)
                .join(path.trim_start_matches('/'))
                .join("ratchet");
            fs::create_dir_all(&parent).ok().map(|()| parent)
        };
        match (one("memory"), one("cpu")) {
            (None, None) => Err(format!(
                "no cgroup can be made under {}: run Ratchet as root, or give it one of its own",
                root.display()
            )),
            (memory, cpu) => Ok(Self::One { memory, cpu }),
        }
    }

    /// The groups of an attempt.
    pub(super) fn plan(&self, launch: &Launch) -> Vec<Group> {
        let attempt: &str = &launch.attempt;
        let memory = u64::from(launch.memory_mib) << 20;
        let swap = u64::from(launch.max_swap_mib.unwrap_or(0)) << 20;
        let quota = (u64::from(launch.vcpus_milli) * PERIOD / 1000).max(1000);
        let mut memory_settings = Vec::new();
        let mut cpu_settings = Vec::new();
        let set = |list: &mut Vec<_>, name: &str, value: String| {
            list.push((name.to_owned(), value));
        };
        match self {
            Self::Two { parent } => {
                let mut settings = Vec::new();
                if launch.memory_mib > 0 {
                    set(&mut settings, "memory.max", memory.to_string());
                    set(&mut settings, "memory.swap.max?", swap.to_string());
                }
                if launch.vcpus_milli > 0 {
                    set(&mut settings, "cpu.max", format!("{quota} {PERIOD}"));
                }
                vec![Group {
                    path: parent.join(attempt),
                    settings,
                }]
            }
            Self::One {
                memory: memory_parent,
                cpu,
            } => {
                if launch.memory_mib > 0 {
                    set(
                        &mut memory_settings,
                        "memory.limit_in_bytes",
                        memory.to_string(),
                    );
                    let both = (memory + swap).to_string();
                    set(&mut memory_settings, "memory.memsw.limit_in_bytes?", both);
                }
                if launch.vcpus_milli > 0 {
                    set(&mut cpu_settings, "cpu.cfs_quota_us", quota.to_string());
                }
                [(memory_parent, memory_settings), (cpu, cpu_settings)]
                    .into_iter()
                    .filter(|(_, settings)| !settings.is_empty())
                    .filter_map(|(parent, settings)| {
                        let path = parent.as_ref()?.join(attempt);
                        Some(Group { path, settings })
                    })
                    .collect()
            }
        }
    }
}

/// Version 2: a group with children has no processes of its own, unless it is the root. So Ratchet itself moves into a group beside those of
/// its attempts.
fn unified(root: &Path, own: &str) -> Result<Cgroups, String> {
    let base = root.join(own.trim_start_matches('/'));
    // After a restart in the same group we find ourselves where we moved then.
    let base = match base.file_name() {
        Some(name) if name == "ratchet-itself" => base.parent().unwrap_or(root).to_owned(),
        _ => base,
    };
    let cannot = |what: &str, error: io::Error| {
        format!(
            "cannot {what} in {}: {error}; run Ratchet as root, or give it a cgroup of its own (systemd: Delegate=yes)",
            base.display()
        )
    };
    let controllers = "+memory +cpu";
    if base != root {
        let itself = base.join("ratchet-itself");
        fs::create_dir_all(&itself).map_err(|error| cannot("make a group", error))?;
        fs::write(itself.join("cgroup.procs"), "0")
            .map_err(|error| cannot("move into a group", error))?;
    }
    fs::write(base.join("cgroup.subtree_control"), controllers)
        .map_err(|error| cannot("pass on the controllers memory and cpu", error))?;
    let parent = base.join("ratchet");
    fs::create_dir_all(&parent).map_err(|error| cannot("make a group", error))?;
    fs::write(parent.join("cgroup.subtree_control"), controllers)
        .map_err(|error| cannot("pass on the controllers memory and cpu", error))?;
    Ok(Cgroups::Two { parent })
}

/// Makes the groups and sets their limits.
pub(super) fn make(groups: &[Group]) -> Result<(), String> {
    for group in groups {
        match fs::create_dir(&group.path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(format!("cannot make {}: {error}", group.path.display()));
            }
            _ => {}
        }
        for (name, value) in &group.settings {
            let optional = name.ends_with('?');
            let path = group.path.join(name.trim_end_matches('?'));
            if optional && !path.exists() {
                continue;
            }
            fs::write(&path, value)
                .map_err(|error| format!("cannot write {value} to {}: {error}", path.display()))?;
        }
    }
    Ok(())
}

/// Moves this process into the groups.
pub(super) fn join(groups: &[Group]) -> io::Result<()> {
    for group in groups {
        fs::write(group.path.join("cgroup.procs"), "0")?;
    }
    Ok(())
}

/// Whether memory ran out in one of the groups, so that the kernel killed.
pub(super) fn ran_out_of_memory(groups: &[Group]) -> bool {
    groups.iter().any(|group| {
        ["memory.events", "memory.oom_control"].iter().any(|name| {
            let text = fs::read_to_string(group.path.join(name)).unwrap_or_default();
            text.lines()
                .filter_map(|line| line.strip_prefix("oom_kill "))
                .any(|count| count.trim() != "0")
        })
    })
}

/// Kills all that is left in the groups, whatever session it fled into.
pub(super) fn kill(groups: &[Group]) {
    for group in groups {
        if fs::write(group.path.join("cgroup.kill"), "1").is_ok() {
            continue;
        }
        // Version 1, or an old kernel: until nobody forks any more.
        for _ in 0..10 {
            let processes = fs::read_to_string(group.path.join("cgroup.procs")).unwrap_or_default();
            let mut nobody = true;
            for process in processes.lines().filter_map(|line| line.parse().ok()) {
                if let Some(process) = Pid::from_raw(process) {
                    nobody = false;
                    let _ = kill_process(process, Signal::KILL);
                }
            }
            if nobody {
                break;
            }
        }
    }
}

/// Removes the groups, killing what is in them.
pub(super) fn remove(groups: &[Group]) {
    for group in groups {
        for _ in 0..50 {
            match fs::remove_dir(&group.path) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                    kill(std::slice::from_ref(group));
                    std::thread::sleep(Duration::from_millis(10));
                }
                // Gone, or never made.
                _ => break,
            }
        }
    }
}
