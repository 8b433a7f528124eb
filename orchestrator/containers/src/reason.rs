//! Why an attempt ended as it did, for people and for the rules of retries.

use crate::logs::LogStore;

/// AWS's text, which people's rules match on.
const OUT_OF_MEMORY: &str = "OutOfMemoryError: Container killed due to memory usage";
/// How many of the last lines are told, and how many bytes of them.
const LINES: usize = 3;
const BYTES: usize = 512;

/// `None` for code 0.
pub(crate) fn of_exit(logs: &LogStore, stream: &str, code: i32, oom: bool) -> Option<String> {
    if oom {
        return Some(OUT_OF_MEMORY.to_owned());
    }
    if code == 0 {
        return None;
    }
    let mut reason = format!("exit code {code}");
    if let Some(signal) = code.checked_sub(128).and_then(signal_name) {
        reason.push_str(&format!(" ({signal})"));
    }
    let lines = logs.last_lines(stream, LINES, BYTES);
    if !lines.is_empty() {
        let mut said = lines.join(" | ");
        if said.len() > BYTES {
            let start = said.len() - BYTES;
            let start = (start..said.len()).find(|at| said.is_char_boundary(*at));
            said = format!("…{}", &said[start.unwrap_or(0)..]);
        }
        reason.push_str(": ");
        reason.push_str(&said);
    }
    Some(reason)
}

const fn signal_name(number: i32) -> Option<&'static str> {
    Some(match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => return None,
    })
}
