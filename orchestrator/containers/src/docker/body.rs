//! A launch as Docker's API takes it, and what the operator does not allow.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use bollard::models::{
    ContainerCreateBody, DeviceMapping, DeviceRequest, EndpointSettings, HostConfig,
    HostConfigLogConfig, Mount, MountType, NetworkingConfig, ResourcesUlimits,
};

use super::{INSTANCE_LABEL, Settings};
use crate::launch::{Device, Launch, Network};

/// A period of the kernel's CPU accounting, in microseconds; a quota is a share of it.
const CPU_PERIOD: i64 = 100_000;
/// Docker runs nothing with less memory.
const LEAST_MEMORY_MIB: u32 = 6;
const MIB: i64 = 1 << 20;

/// Why the operator's settings forbid this launch; the text names the setting that would allow it.
pub(super) fn refusal(settings: &Settings, launch: &Launch) -> Option<String> {
    if launch.privileged && !settings.allow_privileged {
        return Some(
            "privileged containers are not allowed: the setting is privileged in [batch]"
                .to_owned(),
        );
    }
    if launch.network == Network::Host && !settings.allow_host_network {
        return Some(
            "the host's network is not allowed: the setting is host_network in [batch]".to_owned(),
        );
    }
    let mounts = launch
        .mounts
        .iter()
        .filter_map(|mount| mount.source.as_deref());
    for source in mounts {
        if !allows(&settings.allowed_mounts, source) {
            return Some(format!(
                "mounting {source} of the host is not allowed: the setting is allowed_mounts in [batch]"
            ));
        }
    }
    for device in &launch.devices {
        if !allows(&settings.allowed_devices, &device.host_path) {
            return Some(format!(
                "the device {} of the host is not allowed: the setting is allowed_devices in [batch]",
                device.host_path
            ));
        }
    }
    None
}

/// Whether the path is one of these or inside one of them, by its name and after its symbolic links.
fn allows(allowed: &[PathBuf], path: &str) -> bool {
    let path = Path::new(path);
    let plain = path.is_absolute()
        && !path
            .components()
            .any(|part| matches!(part, Component::ParentDir));
    let inside = |path: &Path| allowed.iter().any(|allowed| path.starts_with(allowed));
    let really = real(path);
    let really_inside = allowed
        .iter()
        .any(|allowed| really.starts_with(real(allowed)));
    plain && inside(path) && really_inside
}

/// The path after its symbolic links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    for ancestor in path.ancestors() {
        if let Ok(real) = ancestor.canonicalize() {
            let rest = path.strip_prefix(ancestor).unwrap_or(Path::new(""));
            return if rest.as_os_str().is_empty() {
                real
            } else {
                real.join(rest)
            };
        }
    }
    path.to_owned()
}

/// What is to be created.
pub(super) fn of(settings: &Settings, launch: &Launch, log_bytes: u64) -> ContainerCreateBody {
    let mut labels: HashMap<String, String> = launch.labels.clone().into_iter().collect();
    labels.insert(INSTANCE_LABEL.to_owned(), settings.instance.clone());
    let environment = launch
        .environment
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    ContainerCreateBody {
        image: Some(launch.image.clone()),
        cmd: (!launch.command.is_empty()).then(|| launch.command.clone()),
        env: Some(environment.collect()),
        user: launch.user.clone(),
        working_dir: launch.working_directory.clone(),
        stop_signal: launch.stop_signal.clone(),
        labels: Some(labels),
        host_config: Some(host_config(launch, log_bytes)),
        networking_config: networking(launch),
        ..ContainerCreateBody::default()
    }
}

fn host_config(launch: &Launch, log_bytes: u64) -> HostConfig {
    let limited = launch.memory_mib > 0;
    let memory = i64::from(launch.memory_mib.max(LEAST_MEMORY_MIB)) * MIB;
    let swap = i64::from(launch.max_swap_mib.unwrap_or(0)) * MIB;
    let vcpus = i64::from(launch.vcpus_milli);
    HostConfig {
        // A quota, and not `nano_cpus`: that is refused when it is more than the machine has.
        cpu_period: (vcpus > 0).then_some(CPU_PERIOD),
        cpu_quota: (vcpus > 0).then_some((vcpus * CPU_PERIOD / 1000).max(1000)),
        cpu_shares: (vcpus > 0).then_some((vcpus * 1024 / 1000).clamp(2, 262_144)),
        memory: limited.then_some(memory),
        // Docker counts memory and swap together.
        memory_swap: limited.then_some(memory + swap),
        memory_swappiness: launch.swappiness.map(i64::from),
        shm_size: launch.shared_memory_mib.map(|mib| i64::from(mib) * MIB),
        init: launch.init.then_some(true),
        privileged: launch.privileged.then_some(true),
        readonly_rootfs: launch.read_only_root.then_some(true),
        device_requests: (launch.gpus > 0).then(|| {
            vec![DeviceRequest {
                count: Some(i64::from(launch.gpus)),
                capabilities: Some(vec![vec!["gpu".to_owned()]]),
                ..DeviceRequest::default()
            }]
        }),
        devices: (!launch.devices.is_empty())
            .then(|| launch.devices.iter().map(device_mapping).collect()),
        ulimits: (!launch.ulimits.is_empty()).then(|| {
            let ulimits = launch.ulimits.iter().map(|ulimit| ResourcesUlimits {
                name: Some(ulimit.name.clone()),
                soft: Some(ulimit.soft),
                hard: Some(ulimit.hard),
            });
            ulimits.collect()
        }),
        tmpfs: (!launch.tmpfs.is_empty()).then(|| {
            let tmpfs = launch.tmpfs.iter().map(|tmpfs| {
                let mut options = tmpfs.options.clone();
                options.push(format!("size={}m", tmpfs.size_mib));
                (tmpfs.path.clone(), options.join(","))
            });
            tmpfs.collect()
        }),
        mounts: (!launch.mounts.is_empty()).then(|| launch.mounts.iter().map(mount).collect()),
        network_mode: match &launch.network {
            Network::Bridge => None,
            Network::None => Some("none".to_owned()),
            Network::Host => Some("host".to_owned()),
            Network::Group { name, .. } => Some(name.clone()),
        },
        // Other drivers can't be read back. Two files, so that a reader never loses all at once.
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            config: Some(HashMap::from([
                (
                    "max-size".to_owned(),
                    format!("{}k", (log_bytes >> 10).max(64)),
                ),
                ("max-file".to_owned(), "2".to_owned()),
            ])),
        }),
        ..HostConfig::default()
    }
}

fn device_mapping(device: &Device) -> DeviceMapping {
    let mut permissions = String::new();
    for (granted, letter) in [(device.read, 'r'), (device.write, 'w'), (device.make, 'm')] {
        if granted {
            permissions.push(letter);
        }
    }
    let inside = device.container_path.as_ref().unwrap_or(&device.host_path);
    DeviceMapping {
        path_on_host: Some(device.host_path.clone()),
        path_in_container: Some(inside.clone()),
        cgroup_permissions: Some(permissions),
    }
}

fn mount(mount: &crate::launch::Mount) -> Mount {
    Mount {
        target: Some(mount.target.clone()),
        source: mount.source.clone(),
        typ: Some(if mount.source.is_some() {
            MountType::BIND
        } else {
            MountType::VOLUME
        }),
        read_only: Some(mount.read_only),
        ..Mount::default()
    }
}

fn networking(launch: &Launch) -> Option<NetworkingConfig> {
    let Network::Group { name, host_name } = &launch.network else {
        return None;
    };
    let endpoint = EndpointSettings {
        aliases: host_name.clone().map(|alias| vec![alias]),
        ..EndpointSettings::default()
    };
    Some(NetworkingConfig {
        endpoints_config: Some(HashMap::from([(name.clone(), endpoint)])),
    })
}
