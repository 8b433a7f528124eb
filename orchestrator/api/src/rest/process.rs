//! What the kernel says about this process.

use std::fs;

/// How many clock ticks `/proc` counts in a second: the kernel's USER_HZ, which is 100 wherever Linux runs Rust programs.
const TICKS_PER_SECOND: f64 = 100.0;

/// Figures of this process; those that the system does not tell are absent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Process {
    /// Seconds of processor time, user and system.
    pub(super) cpu_seconds: Option<f64>,
    /// Memory in use, in bytes.
    pub(super) resident_bytes: Option<u64>,
    /// Address space, in bytes.
    pub(super) virtual_bytes: Option<u64>,
    /// Threads.
    pub(super) threads: Option<u64>,
    /// Open files and sockets.
    pub(super) open_files: Option<u64>,
    /// When it began: seconds since 1970.
    pub(super) started_at: Option<f64>,
}

impl Process {
    /// This process now.
    pub(super) fn now() -> Self {
        let text = |path| fs::read_to_string(path).unwrap_or_default();
        let open_files = fs::read_dir("/proc/self/fd").ok();
        Self {
            open_files: open_files.map(|entries| entries.count() as u64),
            ..Self::parse(
                &text("/proc/self/stat"),
                &text("/proc/self/status"),
                &text("/proc/stat"),
            )
        }
    }

    /// Reads what `proc(5)` describes.
    fn parse(stat: &str, status: &str, system: &str) -> Self {
        // The program's name stands in parentheses and may have spaces; the third field comes after it.
        let fields: Vec<&str> = stat
            .rsplit_once(')')
            .map_or("", |(_, rest)| rest)
            .split_whitespace()
            .collect();
        let ticks = |field: usize| fields.get(field - 3)?.parse::<f64>().ok();
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
        };
        let booted_at = system
            .lines()
            .find_map(|line| line.strip_prefix("btime ")?.trim().parse::<f64>().ok());
        let started = ticks(22).zip(booted_at);
        Self {
            cpu_seconds: ticks(14)
                .zip(ticks(15))
                .map(|(user, kernel)| (user + kernel) / TICKS_PER_SECOND),
            resident_bytes: kib("VmRSS:"),
            virtual_bytes: kib("VmSize:"),
            threads: fields.get(20 - 3).and_then(|field| field.parse().ok()),
            open_files: None,
            started_at: started.map(|(ticks, booted_at)| booted_at + ticks / TICKS_PER_SECOND),
        }
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn reads_what_the_kernel_says() {
        let stat = "7 (a b) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 9 0 1200 8192 2 18446744073709551615";
        let status = "Name:\ta b\nVmSize:\t    8 kB\nVmRSS:\t    4 kB\n";
        let process = Process::parse(stat, status, "cpu 1 2 3\nbtime 1000\n");
        assert_eq!(
            process,
            Process {
                cpu_seconds: Some(3.0),
                resident_bytes: Some(4096),
                virtual_bytes: Some(8192),
                threads: Some(9),
                open_files: None,
                started_at: Some(1012.0),
            }
        );
    }

    #[test]
    fn says_nothing_where_there_is_nothing() {
        assert_eq!(Process::parse("", "", ""), Process::default());
    }
}
