//! Environments from what is asked, with AWS's rules.

use serde_json::{Map, Value};

use super::{ComputeEnvironment, Engine};
use crate::check;
use crate::container::Resources;
use crate::error::{Error, Result};
use crate::request::{CreateComputeEnvironment, UpdateComputeEnvironment};

/// The tag that names the engine.
pub const ENGINE_TAG: &str = "ratchet:engine";
/// The tag that bounds memory, MiB.
pub const MEMORY_TAG: &str = "ratchet:memory";
/// The tag that bounds graphics processors.
pub const GPUS_TAG: &str = "ratchet:gpus";

/// The kinds of machines that AWS knows.
const RESOURCE_KINDS: [&str; 5] = [
    "EC2",
    "SPOT",
    "FARGATE",
    "FARGATE_SPOT",
    "ECS_MANAGED_INSTANCES",
];

impl ComputeEnvironment {
    /// The environment that a request makes. `machine` is what this machine has, `engine` what runs jobs if no tag says so.
    ///
    /// # Errors
    /// When the request breaks a rule of AWS Batch, asks for Kubernetes, or its tags say nothing that is known.
    pub fn create(
        request: &CreateComputeEnvironment,
        uuid: String,
        engine: Engine,
        machine: Resources,
    ) -> Result<Self> {
        check::name("computeEnvironmentName", &request.compute_environment_name)?;
        let tags = request.tags.clone().unwrap_or_default();
        check::tags(&tags)?;
        if request.eks_configuration.is_some() {
            return Err(Error::client(
                "eksConfiguration is not supported: jobs run in containers of this machine",
            ));
        }
        let vcpus = match request.kind.as_str() {
            "MANAGED" => match request.compute_resources.as_ref() {
                Some(resources) => Some(max_vcpus(resources)?),
                None => {
                    return Err(Error::client(
                        "computeResources must be given for type MANAGED",
                    ));
                }
            },
            "UNMANAGED" => request
                .unmanagedv_cpus
                .map(|vcpus| u64::try_from(vcpus).unwrap_or(0)),
            other => {
                return Err(Error::Client(format!(
                    "type must be MANAGED or UNMANAGED, not {}",
                    check::shown(other)
                )));
            }
        };
        let engine = match tags.get(ENGINE_TAG).map(String::as_str) {
            None => engine,
            Some("docker") => Engine::Docker,
            Some("process") => Engine::Process,
            Some(other) => {
                return Err(Error::Client(format!(
                    "tag {ENGINE_TAG} must be docker or process, not {}",
                    check::shown(other)
                )));
            }
        };
        let whole = |tag: &str, default: u64| match tags.get(tag) {
            None => Ok(default),
            Some(value) => value.parse::<u64>().map_err(|_| {
                Error::Client(format!(
                    "tag {tag} must be a whole number, not {}",
                    check::shown(value)
                ))
            }),
        };
        let limits = Resources {
            vcpus_milli: vcpus.map_or(machine.vcpus_milli, |vcpus| vcpus.saturating_mul(1000)),
            memory_mib: whole(MEMORY_TAG, machine.memory_mib)?,
            gpus: whole(GPUS_TAG, machine.gpus)?,
        };
        Ok(Self {
            name: request.compute_environment_name.as_str().into(),
            uuid,
            state: request.state.unwrap_or_default(),
            engine,
            limits,
            kind: request.kind.clone(),
            unmanagedv_cpus: request.unmanagedv_cpus,
            compute_resources: request.compute_resources.clone(),
            service_role: request.service_role.clone(),
            update_policy: None,
            context: request.context.clone(),
            ecs_settings: request.ecs_settings.clone(),
        })
    }

    /// The environment after an update. A lower `maxvCpus` lets what runs go on.
    ///
    /// # Errors
    /// As for [`ComputeEnvironment::create`].
    pub fn updated(&self, request: &UpdateComputeEnvironment) -> Result<Self> {
        if request.eks_configuration.is_some() {
            return Err(Error::client(
                "eksConfiguration is not supported: jobs run in containers of this machine",
            ));
        }
        let mut environment = self.clone();
        environment.state = request.state.unwrap_or(environment.state);
        if let Some(Value::Object(changes)) = &request.compute_resources {
            let known = environment.compute_resources.take();
            let mut resources = known
                .and_then(|known| known.as_object().cloned())
                .unwrap_or_default();
            resources.extend(changes.clone());
            if changes.contains_key("maxvCpus") {
                environment.limits.vcpus_milli = whole(&resources, "maxvCpus")?
                    .unwrap_or(0)
                    .saturating_mul(1000);
            }
            environment.compute_resources = Some(Value::Object(resources));
        }
        if let Some(vcpus) = request.unmanagedv_cpus {
            environment.unmanagedv_cpus = Some(vcpus);
            environment.limits.vcpus_milli = u64::try_from(vcpus).unwrap_or(0).saturating_mul(1000);
        }
        let keep = |new: &Option<Value>, old: &mut Option<Value>| {
            if new.is_some() {
                old.clone_from(new);
            }
        };
        keep(&request.update_policy, &mut environment.update_policy);
        keep(&request.ecs_settings, &mut environment.ecs_settings);
        if request.service_role.is_some() {
            environment.service_role.clone_from(&request.service_role);
        }
        if request.context.is_some() {
            environment.context.clone_from(&request.context);
        }
        Ok(environment)
    }
}

/// `maxvCpus`, which must be there, of a known kind of machines.
fn max_vcpus(resources: &Value) -> Result<u64> {
    let Value::Object(resources) = resources else {
        return Err(Error::client("computeResources must be an object"));
    };
    match resources.get("type").and_then(Value::as_str) {
        Some(kind) if RESOURCE_KINDS.contains(&kind) => {}
        Some(kind) => {
            let (known, kind) = (RESOURCE_KINDS.join(", "), check::shown(kind));
            return Err(Error::Client(format!(
                "computeResources.type must be one of {known}, not {kind}"
            )));
        }
        None => return Err(Error::client("computeResources.type must be given")),
    }
    let least = whole(resources, "minvCpus")?.unwrap_or(0);
    match whole(resources, "maxvCpus")? {
        None | Some(0) => Err(Error::client(
            "computeResources.maxvCpus must be given and at least 1",
        )),
        Some(most) if most < least => Err(Error::Client(format!(
            "computeResources.maxvCpus {most} must not be below minvCpus {least}"
        ))),
        Some(most) => Ok(most),
    }
}

/// A whole number of the resources.
fn whole(resources: &Map<String, Value>, member: &str) -> Result<Option<u64>> {
    match resources.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let number = value.as_u64().filter(|number| *number <= i32::MAX as u64);
            let malformed = || {
                Error::Client(format!(
                    "computeResources.{member} must be a whole number, not {value}"
                ))
            };
            number.map(Some).ok_or_else(malformed)
        }
    }
}
