//! What a container may be: AWS's rules, checked where a definition is registered and again with a submission's overrides.

use super::{
    ContainerOverrides, ContainerProperties, KeyValuePair, LinuxParameters, ResourceKind,
    ResourceRequirement, milli,
};
use crate::check::{range, shown};
use crate::error::{Error, Result};

/// The drivers that AWS knows.
const LOG_DRIVERS: [&str; 8] = [
    "json-file",
    "syslog",
    "journald",
    "gelf",
    "fluentd",
    "awslogs",
    "splunk",
    "awsfirelens",
];
/// The limits that a kernel knows.
const ULIMITS: [&str; 15] = [
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];
/// The least memory, MiB.
const LEAST_MEMORY: u64 = 4;
/// The most of any memory, MiB: 16 TiB. What lies above is a mistake, and might not count as bytes.
const MOST_MEBIBYTES: i64 = 16 << 20;
/// The most vCPU, and the most graphics processors.
const MOST_PROCESSORS: u64 = 100_000;

impl ContainerProperties {
    /// Checks a container; `at` is the member that it is, for the texts.
    pub(crate) fn check(&self, at: &str) -> Result<()> {
        let image = self.image.as_deref().unwrap_or_default();
        let is_image = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:./#@".contains(&byte);
        if image.is_empty() {
            return Err(Error::Client(format!("{at}.image must be given")));
        }
        if image.len() > 255 || !image.bytes().all(is_image) {
            return Err(Error::Client(format!(
                "{at}.image must be an image's reference of at most 255 characters, not {}",
                shown(image)
            )));
        }
        self.check_resources(at)?;
        command(&format!("{at}.command"), &self.command)?;
        environment(&format!("{at}.environment"), &self.environment)?;
        self.check_mounts(at)?;
        for (index, limit) in self.ulimits.iter().enumerate() {
            let at = format!("{at}.ulimits[{index}]");
            if !ULIMITS.contains(&&*limit.name) {
                return Err(Error::Client(format!(
                    "{at}.name must be one of {}, not {}",
                    ULIMITS.join(", "),
                    shown(&limit.name)
                )));
            }
            // -1 is no limit.
            let is_within = limit.hard_limit == -1
                || limit.soft_limit <= limit.hard_limit && limit.soft_limit != -1;
            if !is_within || limit.soft_limit < -1 || limit.hard_limit < -1 {
                return Err(Error::Client(format!(
                    "{at} {}: softLimit {} must not be above hardLimit {}",
                    limit.name, limit.soft_limit, limit.hard_limit
                )));
            }
        }
        for (index, secret) in self.secrets.iter().enumerate() {
            variable(&format!("{at}.secrets[{index}].name"), &secret.name)?;
            if secret.value_from.is_empty() {
                return Err(Error::Client(format!(
                    "{at}.secrets[{index}].valueFrom must be given"
                )));
            }
        }
        if let Some(logs) = &self.log_configuration
            && !LOG_DRIVERS.contains(&&*logs.log_driver)
        {
            return Err(Error::Client(format!(
                "{at}.logConfiguration.logDriver must be one of {}, not {}",
                LOG_DRIVERS.join(", "),
                shown(&logs.log_driver)
            )));
        }
        let options = self
            .log_configuration
            .as_ref()
            .and_then(|logs| logs.options.as_ref());
        if let Some(prefix) = options.and_then(|options| options.get("awslogs-stream-prefix")) {
            // It becomes part of a log stream's name, in which AWS allows no colon and no star.
            let is_sound =
                |part: &str| !part.is_empty() && part != "." && part != ".." && part.len() <= 128;
            if prefix.len() > 256
                || prefix.contains([':', '*', '\0'])
                || !prefix.split('/').all(is_sound)
            {
                return Err(Error::Client(format!(
                    "{at}.logConfiguration.options.awslogs-stream-prefix must be a name without : and *, not {}",
                    shown(prefix)
                )));
            }
        }
        match &self.linux_parameters {
            Some(parameters) => linux(&format!("{at}.linuxParameters"), parameters),
            None => Ok(()),
        }
    }

    /// vCPU and memory must be given, in the old way or in `resourceRequirements`.
    fn check_resources(&self, at: &str) -> Result<()> {
        old_amounts(at, self.vcpus, self.memory)?;
        requirements(
            &format!("{at}.resourceRequirements"),
            &self.resource_requirements,
        )?;
        let has = |kind| {
            self.resource_requirements
                .iter()
                .any(|requirement| requirement.kind == kind)
        };
        if self.vcpus.is_none() && !has(ResourceKind::Vcpu) {
            return Err(Error::Client(format!(
                "{at}.resourceRequirements must have VCPU"
            )));
        }
        if self.memory.is_none() && !has(ResourceKind::Memory) {
            return Err(Error::Client(format!(
                "{at}.resourceRequirements must have MEMORY, in MiB"
            )));
        }
        Ok(())
    }

    /// Volumes have names, each once; mount points name volumes and absolute paths.
    fn check_mounts(&self, at: &str) -> Result<()> {
        for (index, volume) in self.volumes.iter().enumerate() {
            let at = format!("{at}.volumes[{index}]");
            if volume.efs_volume_configuration.is_some()
                || volume.s3files_volume_configuration.is_some()
            {
                return Err(Error::Client(format!(
                    "{at}: file systems of AWS are not here, use host.sourcePath"
                )));
            }
            let Some(name) = volume.name.as_deref().filter(|name| !name.is_empty()) else {
                return Err(Error::Client(format!("{at}.name must be given")));
            };
            if self
                .volumes
                .iter()
                .take(index)
                .any(|other| other.name.as_deref() == Some(name))
            {
                return Err(Error::Client(format!(
                    "{at}.name {} is there twice",
                    shown(name)
                )));
            }
            if let Some(path) = volume
                .host
                .as_ref()
                .and_then(|host| host.source_path.as_deref())
            {
                absolute(&format!("{at}.host.sourcePath"), path)?;
            }
        }
        for (index, mount) in self.mount_points.iter().enumerate() {
            let at = format!("{at}.mountPoints[{index}]");
            absolute(
                &format!("{at}.containerPath"),
                mount.container_path.as_deref().unwrap_or_default(),
            )?;
            let source = mount.source_volume.as_deref().unwrap_or_default();
            if !self
                .volumes
                .iter()
                .any(|volume| volume.name.as_deref() == Some(source))
            {
                return Err(Error::Client(format!(
                    "{at}.sourceVolume {} is none of the volumes",
                    shown(source)
                )));
            }
        }
        Ok(())
    }

    /// The container with a submission's overrides over it: variables and amounts by name, the command as a whole.
    pub(crate) fn with(&self, overrides: &ContainerOverrides) -> Self {
        let mut container = self.clone();
        container.vcpus = overrides.vcpus.or(container.vcpus);
        container.memory = overrides.memory.or(container.memory);
        if let Some(command) = &overrides.command {
            container.command.clone_from(command);
        }
        if let Some(instance_type) = &overrides.instance_type {
            container.instance_type = Some(instance_type.as_str().into());
        }
        for pair in overrides.environment.iter().flatten() {
            match container
                .environment
                .iter_mut()
                .find(|known| known.name == pair.name)
            {
                Some(known) => known.value.clone_from(&pair.value),
                None => container.environment.push(pair.clone()),
            }
        }
        for requirement in overrides.resource_requirements.iter().flatten() {
            match container
                .resource_requirements
                .iter_mut()
                .find(|known| known.kind == requirement.kind)
            {
                Some(known) => known.value.clone_from(&requirement.value),
                None => container.resource_requirements.push(requirement.clone()),
            }
        }
        container
    }
}

impl ContainerOverrides {
    /// Checks what a submission changes.
    pub(crate) fn check(&self, at: &str) -> Result<()> {
        old_amounts(at, self.vcpus, self.memory)?;
        requirements(
            &format!("{at}.resourceRequirements"),
            self.resource_requirements.as_deref().unwrap_or_default(),
        )?;
        command(
            &format!("{at}.command"),
            self.command.as_deref().unwrap_or_default(),
        )?;
        environment(
            &format!("{at}.environment"),
            self.environment.as_deref().unwrap_or_default(),
        )
    }
}

/// vCPU and memory in the old way.
fn old_amounts(at: &str, vcpus: Option<i32>, memory: Option<i32>) -> Result<()> {
    match vcpus {
        Some(vcpus) if vcpus < 1 => {
            return Err(Error::Client(format!(
                "{at}.vcpus must be at least 1, not {vcpus}"
            )));
        }
        Some(_) | None => {}
    }
    match memory {
        Some(memory) if memory < 4 => Err(Error::Client(format!(
            "{at}.memory must be at least {LEAST_MEMORY} MiB, not {memory}"
        ))),
        Some(_) | None => Ok(()),
    }
}

/// Amounts, each kind once.
fn requirements(at: &str, requirements: &[ResourceRequirement]) -> Result<()> {
    for (index, requirement) in requirements.iter().enumerate() {
        let (kind, value) = (requirement.kind.as_str(), &*requirement.value);
        if requirements
            .iter()
            .take(index)
            .any(|other| other.kind == requirement.kind)
        {
            return Err(Error::Client(format!("{at}: {kind} is there twice")));
        }
        let whole = || {
            value
                .parse::<u64>()
                .ok()
                .filter(|_| value.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let memory = LEAST_MEMORY..=MOST_MEBIBYTES.unsigned_abs();
        let (is_sound, rule) = match requirement.kind {
            ResourceKind::Vcpu => (
                milli(value).is_some_and(|milli| (1..=MOST_PROCESSORS * 1000).contains(&milli)),
                "a number above 0 and at most 100000, with at most 3 decimals",
            ),
            ResourceKind::Memory => (
                whole().is_some_and(|value| memory.contains(&value)),
                "a whole number of MiB, 4 to 16777216",
            ),
            ResourceKind::Gpu => (
                whole().is_some_and(|value| value <= MOST_PROCESSORS),
                "a whole number up to 100000",
            ),
        };
        if !is_sound {
            let value = shown(value);
            return Err(Error::Client(format!(
                "{at}: the value of {kind} must be {rule}, not {value}"
            )));
        }
    }
    Ok(())
}

/// Words without NUL, which no process can be given.
fn command(at: &str, words: &[String]) -> Result<()> {
    match words.iter().position(|word| word.contains('\0')) {
        Some(index) => Err(Error::Client(format!("{at}[{index}] must not have a NUL"))),
        None => Ok(()),
    }
}

/// Variables with names that a process can have, and none of Batch's own.
fn environment(at: &str, pairs: &[KeyValuePair]) -> Result<()> {
    for (index, pair) in pairs.iter().enumerate() {
        variable(
            &format!("{at}[{index}].name"),
            pair.name.as_deref().unwrap_or_default(),
        )?;
        if pair.value.as_deref().unwrap_or_default().contains('\0') {
            return Err(Error::Client(format!(
                "{at}[{index}].value must not have a NUL"
            )));
        }
    }
    Ok(())
}

/// A variable's name.
fn variable(member: &str, name: &str) -> Result<()> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(Error::Client(format!(
            "{member} must be a variable's name, not {}",
            shown(name)
        )));
    }
    if name.starts_with("AWS_BATCH") {
        let name = shown(name);
        return Err(Error::Client(format!(
            "{member} must not begin with AWS_BATCH, which is Batch's own, unlike {name}"
        )));
    }
    Ok(())
}

/// A path from the root.
fn absolute(member: &str, path: &str) -> Result<()> {
    if path.starts_with('/') && !path.contains('\0') {
        return Ok(());
    }
    Err(Error::Client(format!(
        "{member} must be an absolute path, not {}",
        shown(path)
    )))
}

/// What the kernel is to do.
fn linux(at: &str, parameters: &LinuxParameters) -> Result<()> {
    for (index, device) in parameters.devices.iter().flatten().enumerate() {
        let at = format!("{at}.devices[{index}]");
        absolute(&format!("{at}.hostPath"), &device.host_path)?;
        if let Some(path) = &device.container_path {
            absolute(&format!("{at}.containerPath"), path)?;
        }
        let unknown = device
            .permissions
            .iter()
            .find(|name| !["READ", "WRITE", "MKNOD"].contains(&name.as_str()));
        if let Some(unknown) = unknown {
            return Err(Error::Client(format!(
                "{at}.permissions must be READ, WRITE or MKNOD, not {}",
                shown(unknown)
            )));
        }
    }
    for (index, tmpfs) in parameters.tmpfs.iter().flatten().enumerate() {
        absolute(
            &format!("{at}.tmpfs[{index}].containerPath"),
            &tmpfs.container_path,
        )?;
        range(
            &format!("{at}.tmpfs[{index}].size"),
            tmpfs.size,
            1,
            MOST_MEBIBYTES,
        )?;
    }
    range(
        &format!("{at}.sharedMemorySize"),
        parameters.shared_memory_size.unwrap_or(1),
        1,
        MOST_MEBIBYTES,
    )?;
    range(
        &format!("{at}.maxSwap"),
        parameters.max_swap.unwrap_or(0),
        0,
        MOST_MEBIBYTES,
    )?;
    range(
        &format!("{at}.swappiness"),
        parameters.swappiness.unwrap_or(0),
        0,
        100,
    )
}
