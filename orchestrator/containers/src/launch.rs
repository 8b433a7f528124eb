//! What an engine is asked to run: everything is merged, resolved and checked by then.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One attempt of a job, ready to be started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Launch {
    /// The attempt's id: the container's name. Letters, digits, `-`, `_` and `.`.
    pub attempt: Arc<str>,
    /// The image's name, as Docker reads it. The process engine has no images and ignores it.
    pub image: String,
    /// The command and its arguments; empty: the image's own.
    pub command: Vec<String>,
    /// Variables, secrets among them, in the order in which they are set.
    pub environment: Vec<(String, String)>,
    /// Thousandths of a vCPU; 0: unbounded.
    pub vcpus_milli: u32,
    /// MiB of memory; 0: unbounded.
    pub memory_mib: u32,
    /// Whole graphics cards.
    pub gpus: u32,
    /// A name or number, and `:group` after it if wished; `None`: the image's (for a process: Ratchet's own).
    pub user: Option<String>,
    /// Where the command starts; `None`: the image's (for a process: a directory of its own).
    pub working_directory: Option<String>,
    /// The root file system can't be written to.
    pub read_only_root: bool,
    /// All rights on the host. Refused unless the operator allows it.
    pub privileged: bool,
    /// Directories of the host, and volumes of its own.
    pub mounts: Vec<Mount>,
    /// Limits of the kernel, as `ulimit` sets them.
    pub ulimits: Vec<Ulimit>,
    /// Devices of the host. Refused unless the operator allows them.
    pub devices: Vec<Device>,
    /// File systems in memory.
    pub tmpfs: Vec<Tmpfs>,
    /// MiB of `/dev/shm`.
    pub shared_memory_mib: Option<u32>,
    /// An init process reaps children and passes signals on.
    pub init: bool,
    /// MiB of swap beside the memory; `None`: none.
    pub max_swap_mib: Option<u32>,
    /// How eagerly memory is swapped out, 0 to 100.
    pub swappiness: Option<u8>,
    /// Which network it is in.
    pub network: Network,
    /// The signal that asks it to stop, as `SIGINT`; `None`: the image's, which is SIGTERM if it says nothing.
    pub stop_signal: Option<String>,
    /// Labels for the operator, beside the engine's own.
    pub labels: BTreeMap<String, String>,
    /// The stream of the [`LogStore`](crate::logs::LogStore) that takes what it prints.
    pub log_stream: Arc<str>,
}

/// Something of the host, or a volume, inside the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// The host's directory; `None`: a new volume that goes away with the container.
    pub source: Option<String>,
    /// The path inside.
    pub target: String,
    /// It can't be written to.
    pub read_only: bool,
}

/// A limit of the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ulimit {
    /// As Docker names it: `nofile`, `nproc`, `core`, …
    pub name: String,
    /// What applies at first; -1: unlimited.
    pub soft: i64,
    /// What it may be raised to; -1: unlimited.
    pub hard: i64,
}

/// A device of the host inside the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its path on the host.
    pub host_path: String,
    /// Its path inside; `None`: the same.
    pub container_path: Option<String>,
    /// May be read.
    pub read: bool,
    /// May be written.
    pub write: bool,
    /// May be made with mknod.
    pub make: bool,
}

/// A file system in memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tmpfs {
    /// The path inside.
    pub path: String,
    /// MiB.
    pub size_mib: u32,
    /// Options of mount, as `noexec`.
    pub options: Vec<String>,
}

/// The network of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Network {
    /// The engine's usual one.
    #[default]
    Bridge,
    /// None at all.
    None,
    /// The host's. Refused unless the operator allows it.
    Host,
    /// One that the nodes of a multi-node job share, made when the first of them comes and removed with the last. Inside it the
    /// container's name is the attempt's id, and `host_name` beside it.
    Group {
        /// The network's name: the same for all nodes of a job.
        name: String,
        /// A second name of this container inside the network.
        host_name: Option<String>,
    },
}
