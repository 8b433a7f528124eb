//! From what the scheduler decided to what an engine runs.

use std::collections::BTreeMap;

use batch::container::{ContainerProperties, LinuxParameters};
use batch::launch::Launch;
use batch::names::name_of;
use containers::launch::{Device, Mount, Network, Tmpfs, Ulimit};

/// What an engine is asked to run.
///
/// # Errors
/// The reason of an attempt that can't start.
pub(crate) fn container(
    launch: &Launch,
    secrets: &BTreeMap<String, String>,
) -> Result<containers::Launch, String> {
    let properties = &*launch.container;
    let none = LinuxParameters::default();
    let linux = properties.linux_parameters.as_deref().unwrap_or(&none);
    let mut environment = launch.variables.clone();
    for secret in &properties.secrets {
        let value = secret_value(&secret.value_from, secrets)?;
        environment.retain(|(name, _)| *name != secret.name);
        environment.push((secret.name.clone(), value.to_owned()));
    }
    let labels = [
        ("ratchet.job", launch.job.as_str()),
        ("ratchet.environment", &launch.environment),
    ];
    Ok(containers::Launch {
        attempt: launch.attempt.0.clone(),
        image: properties.image.clone().unwrap_or_default(),
        command: launch.command.clone(),
        environment,
        vcpus_milli: narrow(launch.resources.vcpus_milli),
        memory_mib: narrow(launch.resources.memory_mib),
        gpus: narrow(launch.resources.gpus),
        user: properties.user.as_deref().map(str::to_owned),
        working_directory: None,
        read_only_root: properties.readonly_root_filesystem.unwrap_or(false),
        privileged: properties.privileged.unwrap_or(false),
        mounts: mounts(properties),
        ulimits: properties
            .ulimits
            .iter()
            .map(|limit| Ulimit {
                name: limit.name.clone(),
                soft: limit.soft_limit,
                hard: limit.hard_limit,
            })
            .collect(),
        devices: devices(linux),
        tmpfs: file_systems(linux),
        shared_memory_mib: linux.shared_memory_size.map(positive),
        init: linux.init_process_enabled.unwrap_or(false),
        max_swap_mib: linux.max_swap.map(positive),
        swappiness: linux
            .swappiness
            .and_then(|swappiness| u8::try_from(swappiness).ok()),
        network: launch
            .node
            .as_ref()
            .map_or(Network::Bridge, |node| Network::Group {
                name: node.network.clone(),
                host_name: Some(format!("node-{}", node.index)),
            }),
        stop_signal: None,
        labels: labels
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        log_stream: launch.log_stream.clone(),
    })
}

/// The value of the secret that is asked for by name or by ARN.
fn secret_value<'a>(
    wanted: &str,
    secrets: &'a BTreeMap<String, String>,
) -> Result<&'a str, String> {
    let name = secret_name(wanted);
    secrets
        .get(wanted)
        .or_else(|| secrets.get(name))
        .map(String::as_str)
        .ok_or_else(|| {
            format!(
                "ResourceInitializationError: the configuration has no secret {name}: add it to [batch.secrets]"
            )
        })
}

/// `arn:aws:secretsmanager:r:a:secret:NAME` and `arn:aws:ssm:r:a:parameter/NAME` name NAME.
fn secret_name(wanted: &str) -> &str {
    if !wanted.starts_with("arn:") {
        return wanted;
    }
    match wanted.split_once(":secret:") {
        Some((_, name)) => name.split(':').next().unwrap_or(name),
        None => name_of(wanted),
    }
}

fn mounts(properties: &ContainerProperties) -> Vec<Mount> {
    properties
        .mount_points
        .iter()
        .filter_map(|point| {
            let volume = properties
                .volumes
                .iter()
                .find(|volume| volume.name == point.source_volume)?;
            Some(Mount {
                source: volume
                    .host
                    .as_ref()
                    .and_then(|host| host.source_path.clone()),
                target: point.container_path.clone()?,
                read_only: point.read_only.unwrap_or(false),
            })
        })
        .collect()
}

fn devices(linux: &LinuxParameters) -> Vec<Device> {
    let devices = linux.devices.iter().flatten();
    devices
        .map(|device| {
            let may = |permission: &str| {
                device.permissions.is_empty()
                    || device.permissions.iter().any(|given| given == permission)
            };
            Device {
                host_path: device.host_path.clone(),
                container_path: device.container_path.clone(),
                read: may("READ"),
                write: may("WRITE"),
                make: may("MKNOD"),
            }
        })
        .collect()
}

fn file_systems(linux: &LinuxParameters) -> Vec<Tmpfs> {
    let file_systems = linux.tmpfs.iter().flatten();
    file_systems
        .map(|tmpfs| Tmpfs {
            path: tmpfs.container_path.clone(),
            size_mib: positive(tmpfs.size),
            options: tmpfs.mount_options.clone(),
        })
        .collect()
}

fn narrow(amount: u64) -> u32 {
    u32::try_from(amount).unwrap_or(u32::MAX)
}

fn positive(amount: i64) -> u32 {
    u32::try_from(amount.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::secret_name;

    #[test]
    fn a_secret_is_named_by_itself_or_by_its_arn() {
        for (wanted, name) in [
            ("db-password", "db-password"),
            ("team/db", "team/db"),
            (
                "arn:aws:secretsmanager:eu-west-1:1:secret:team/db",
                "team/db",
            ),
            ("arn:aws:secretsmanager:eu-west-1:1:secret:db:key::", "db"),
            ("arn:aws:ssm:eu-west-1:1:parameter/team/db", "team/db"),
        ] {
            assert_eq!(secret_name(wanted), name, "{wanted}");
        }
    }
}
