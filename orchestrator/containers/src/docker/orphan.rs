//! What is left of a container whose daemon went away while it was being started.
//!
//! The daemon has containerd make a process that waits, has it become the command, and writes down that the container runs. If it dies in
//! between, the next daemon says that the container was never started, and refuses to start it because there is a task already. Whether the
//! command has run is to be seen from the process only.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// How the process is called until it becomes the command.
const WAITING: &str = "runc:[";

/// What became of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Orphan {
    /// It has not run, and never will.
    NeverRan,
    /// It may have run; it does not any more.
    MayHaveRun,
}

/// Whether the daemon refused to start a container for what another daemon left of it.
pub(super) fn is_left(why: &str) -> bool {
    why.contains("task ") && why.contains(": already exists") || why.contains("id already in use")
}

/// Ends what is left of the container, and says whether its command has run.
pub(super) fn end(container_id: &str) -> Orphan {
    let processes = processes(container_id);
    let waits = |process: &i32| {
        let name = fs::read_to_string(format!("/proc/{process}/comm"));
        name.is_ok_and(|name| name.starts_with(WAITING))
    };
    // None at all: it has ended, or belongs to another machine or user.
    let never_ran = !processes.is_empty() && processes.iter().all(waits);
    for process in &processes {
        if let Some(process) = Pid::from_raw(*process) {
            // It may be another user's, or have ended by now.
            let _ = kill_process(process, Signal::KILL);
        }
    }
    match never_ran {
        true => Orphan::NeverRan,
        false => Orphan::MayHaveRun,
    }
}

/// The processes in the container's cgroup.
fn processes(container_id: &str) -> Vec<i32> {
    if container_id.is_empty() {
        return Vec::new();
    }
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers
        .filter(|process| {
            let groups = fs::read_to_string(format!("/proc/{process}/cgroup"));
            groups.is_ok_and(|groups| groups.contains(container_id))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Orphan, end, is_left};

    #[test]
    fn the_daemon_s_words() {
        let check = |why: &str, expected: bool| assert_eq!(is_left(why), expected, "{why}");
        check("task 63241714db8a: already exists", true);
        check("id already in use", true);
        check("network 63241714db8a: already exists", false);
        check("executable file not found in $PATH", false);
    }

    #[test]
    fn nothing_is_left_of_a_container_that_is_not_there() {
        assert_eq!(end(&"0".repeat(64)), Orphan::MayHaveRun);
        assert_eq!(end(""), Orphan::MayHaveRun);
    }
}
