//! What a container is to be: image, command, resources, mounts. The documents `ContainerProperties` and `ContainerOverrides`
//! of AWS Batch.
//!
//! Members that Ratchet does not act on are kept as they came and shown again.

mod check;
pub(crate) mod ecs;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a job may ask for and an environment has.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct Resources {
    /// Thousandths of a virtual CPU.
    pub vcpus_milli: u64,
    /// Memory, MiB.
    pub memory_mib: u64,
    /// Graphics processors.
    pub gpus: u64,
}

/// A name with a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyValuePair {
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ResourceKind {
    /// Graphics processors.
    Gpu,
    /// Virtual CPUs; a fraction is allowed.
    Vcpu,
    /// Memory in MiB.
    Memory,
}

impl ResourceKind {
    /// The name that the documents use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gpu => "GPU",
            Self::Vcpu => "VCPU",
            Self::Memory => "MEMORY",
        }
    }
}

/// How much of something is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceRequirement {
    /// The amount, in digits.
    pub value: String,
    /// What it is an amount of.
    #[serde(rename = "type")]
    pub kind: ResourceKind,
}

/// A directory that a container may mount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Volume {
    /// Where it is on the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<Host>,
    /// The name that mount points use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A file system of AWS; refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub efs_volume_configuration: Option<Box<Value>>,
    /// A file system of AWS; refused.
    #[serde(
        rename = "s3filesVolumeConfiguration",
        skip_serializing_if = "Option::is_none"
    )]
    pub s3files_volume_configuration: Option<Box<Value>>,
}

/// A place on the host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Host {
    /// The path; without one the volume is empty and the container's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_path: Option<String>,
}

/// Where a volume appears in the container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MountPoint {
    /// The path in the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_path: Option<String>,
    /// Whether the container may only read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// The volume's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_volume: Option<String>,
}

/// A limit of the container's processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ulimit {
    /// What the process may raise it to.
    pub hard_limit: i64,
    /// Such as `nofile`.
    pub name: String,
    /// What it is at first.
    pub soft_limit: i64,
}

/// A device of the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// The path on the host.
    pub host_path: String,
    /// The path in the container; the host's if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_path: Option<String>,
    /// `READ`, `WRITE`, `MKNOD`; all if none is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
}

/// A file system in memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tmpfs {
    /// The path in the container.
    pub container_path: String,
    /// How large it may grow, MiB.
    pub size: i64,
    /// Options of the mount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mount_options: Vec<String>,
}

/// What the kernel does for the container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LinuxParameters {
    /// Devices of the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices: Option<Vec<Device>>,
    /// Whether an init process reaps children and passes signals on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_process_enabled: Option<bool>,
    /// Size of `/dev/shm`, MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_memory_size: Option<i64>,
    /// File systems in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tmpfs: Option<Vec<Tmpfs>>,
    /// Swap that the container may use besides its memory, MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_swap: Option<i64>,
    /// How readily it swaps, 0..100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swappiness: Option<i64>,
}

/// Where logs go. They always go to Ratchet's own log files; the options can name the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogConfiguration {
    /// Such as `awslogs`.
    pub log_driver: String,
    /// The driver's options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<crate::definition::Map>,
    /// Options whose values are secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_options: Option<Vec<Secret>>,
}

/// A variable whose value the operator keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    /// The variable's name.
    pub name: String,
    /// The secret's name or ARN.
    pub value_from: String,
}

/// A container, as a job definition describes it. Lists that are not given are empty, and are shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerProperties {
    /// The image's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Virtual CPUs, in the old way; see `resource_requirements`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vcpus: Option<i32>,
    /// Memory in MiB, in the old way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<i32>,
    /// The command; `Ref::name` stands for a parameter.
    pub command: Vec<String>,
    /// The role of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_role_arn: Option<Box<str>>,
    /// The role that pulls images and reads secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_role_arn: Option<Box<str>>,
    /// What can be mounted.
    pub volumes: Vec<Volume>,
    /// Variables.
    pub environment: Vec<KeyValuePair>,
    /// What is mounted, and where.
    pub mount_points: Vec<MountPoint>,
    /// Whether the container's root is read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readonly_root_filesystem: Option<bool>,
    /// Whether the container has the host's rights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// Limits of the processes.
    pub ulimits: Vec<Ulimit>,
    /// The user, by name or number, with or without a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Box<str>>,
    /// A machine type of AWS; kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<Box<str>>,
    /// What the container may use.
    pub resource_requirements: Vec<ResourceRequirement>,
    /// What the kernel does for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linux_parameters: Option<Box<LinuxParameters>>,
    /// Where logs go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<Box<LogConfiguration>>,
    /// Secrets of the operator's that become variables.
    pub secrets: Vec<Secret>,
    /// Kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<Box<Value>>,
    /// Kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fargate_platform_configuration: Option<Box<Value>>,
    /// Kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_execute_command: Option<bool>,
    /// Kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral_storage: Option<Box<Value>>,
    /// Kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_platform: Option<Box<Value>>,
    /// Credentials of a private registry, by the name of the operator's secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository_credentials: Option<Box<RepositoryCredentials>>,
}

/// Credentials of a private registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryCredentials {
    /// The secret's name or ARN.
    pub credentials_parameter: String,
}

/// What a submission changes of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerOverrides {
    /// Virtual CPUs, in the old way: does not change `resourceRequirements` of the definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vcpus: Option<i32>,
    /// Memory in MiB, in the old way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<i32>,
    /// Another command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// A machine type of AWS; kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
    /// More variables, or other values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Vec<KeyValuePair>>,
    /// Other amounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_requirements: Option<Vec<ResourceRequirement>>,
}

impl ContainerProperties {
    /// What the container asks for. `resourceRequirements` count before the old members; amounts that cannot be read count as
    /// nothing (registration refuses them).
    pub fn resources(&self) -> Resources {
        let mut resources = Resources {
            vcpus_milli: self
                .vcpus
                .map_or(0, |vcpus| u64::from(vcpus.unsigned_abs()) * 1000),
            memory_mib: self
                .memory
                .map_or(0, |memory| u64::from(memory.unsigned_abs())),
            gpus: 0,
        };
        for requirement in &self.resource_requirements {
            match requirement.kind {
                ResourceKind::Vcpu => {
                    resources.vcpus_milli = milli(&requirement.value).unwrap_or(0)
                }
                ResourceKind::Memory => {
                    resources.memory_mib = requirement.value.parse().unwrap_or(0)
                }
                ResourceKind::Gpu => resources.gpus = requirement.value.parse().unwrap_or(0),
            }
        }
        resources
    }
}

/// Reads an amount of vCPU (`2`, `0.25`) as thousandths.
pub fn milli(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty()
        || !digits(whole)
        || !digits(fraction)
        || fraction.len() > 3
    {
        return None;
    }
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let fraction: u64 = format!("{fraction:0<3}").parse().ok()?;
    whole.checked_mul(1000)?.checked_add(fraction)
}
