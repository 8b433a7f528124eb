//! `elasticmapreduce:…`, whose actions are not EMR's own: what they mean in operations.

use aws_client::client::Answer;
use interpreter::failure::Failure;
use runtime::tasks::TaskCall;
use serde_json::{Map, Value, json};

use crate::failures;

use super::AwsServices;
use super::optimised::{Optimised, Performed, ask};

/// Performs an action.
pub(super) async fn perform(
    services: &AwsServices,
    optimised: &Optimised,
    action: &str,
    given: Value,
    call: &TaskCall,
) -> Result<Performed, Failure> {
    let emr = Emr {
        services,
        optimised,
        call,
    };
    let read = |names: &[&str]| members(&given, names, &[], call);
    match action {
        "createCluster" => {
            let answer = emr.ask("runJobFlow", given).await?;
            Ok(Performed::of(answer).map(|result| renamed(result, "JobFlowId", "ClusterId")))
        }
        "terminateCluster" => {
            let [cluster] = values(read(&["ClusterId"])?);
            let answer = emr
                .ask("terminateJobFlows", json!({ "JobFlowIds": [cluster] }))
                .await?;
            Ok(Performed::of(answer))
        }
        "setClusterTerminationProtection" => {
            let [cluster, protected] = values(read(&["ClusterId", "TerminationProtected"])?);
            let request = json!({ "JobFlowIds": [cluster], "TerminationProtected": protected });
            Ok(Performed::of(
                emr.ask("setTerminationProtection", request).await?,
            ))
        }
        "addStep" => {
            let read = members(&given, &["ClusterId", "Step"], &["ExecutionRoleArn"], call)?;
            let role = given.get("ExecutionRoleArn").cloned();
            let [cluster, step] = values(read);
            let mut request = json!({ "JobFlowId": cluster, "Steps": [step] });
            if let (Some(role), Value::Object(members)) = (role, &mut request) {
                members.insert("ExecutionRoleArn".to_owned(), role);
            }
            let answer = emr.ask("addJobFlowSteps", request).await?;
            Ok(Performed::of(answer).map(|result| json!({ "StepId": first(&result, "StepIds") })))
        }
        "cancelStep" => {
            let [cluster, step] = values(read(&["ClusterId", "StepId"])?);
            let request = json!({ "ClusterId": cluster, "StepIds": [step] });
            let answer = emr.ask("cancelSteps", request).await?;
            Ok(Performed::of(answer).map(|result| {
                let cancelled = first(&result, "CancelStepsInfoList");
                json!({ "CancelStepsInfo": cancelled })
            }))
        }
        "modifyInstanceFleetByName" => {
            let [cluster, name, fleet] =
                values(read(&["ClusterId", "InstanceFleetName", "InstanceFleet"])?);
            let id = emr.id(&FLEETS, &cluster, &name).await?;
            let fleet = with(fleet, "InstanceFleetId", id);
            let request = json!({ "ClusterId": cluster, "InstanceFleet": fleet });
            Ok(Performed::of(
                emr.ask("modifyInstanceFleet", request).await?,
            ))
        }
        "modifyInstanceGroupByName" => {
            let [cluster, name, group] =
                values(read(&["ClusterId", "InstanceGroupName", "InstanceGroup"])?);
            let id = emr.id(&GROUPS, &cluster, &name).await?;
            let group = with(group, "InstanceGroupId", id);
            let request = json!({ "ClusterId": cluster, "InstanceGroups": [group] });
            Ok(Performed::of(
                emr.ask("modifyInstanceGroups", request).await?,
            ))
        }
        _ => Err(failures::unsupported(&call.resource)),
    }
}

/// EMR, as one call of a state asks it.
struct Emr<'a> {
    services: &'a AwsServices,
    optimised: &'a Optimised,
    call: &'a TaskCall,
}

impl Emr<'_> {
    async fn ask(&self, action: &str, given: Value) -> Result<Answer, Failure> {
        ask(self.services, self.optimised, action, &given, self.call).await
    }

    /// The id of what has a name, on whichever page of the list it is.
    async fn id(&self, named: &Named, cluster: &Value, name: &Value) -> Result<Value, Failure> {
        let mut request = json!({ "ClusterId": cluster });
        loop {
            let mut listed = self.ask(named.operation, request.clone()).await?.result;
            let items = listed.get(named.list).and_then(Value::as_array);
            let found = items
                .into_iter()
                .flatten()
                .find(|item| item.get("Name") == Some(name))
                .and_then(|item| item.get("Id"));
            if let Some(id) = found {
                return Ok(id.clone());
            }
            match listed.get_mut("Marker").map(Value::take) {
                Some(marker @ Value::String(_)) => request["Marker"] = marker,
                _ => break,
            }
        }
        let shown = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
        let problem = format!(
            "The cluster {} has no {} that is called {}",
            shown(cluster),
            named.one,
            shown(name)
        );
        Err(failures::parameters(self.call.input.text(), &[problem]))
    }
}

/// The values of members that must be there; others are refused but those that may be there.
fn members(
    given: &Value,
    names: &[&str],
    optional: &[&str],
    call: &TaskCall,
) -> Result<Vec<Value>, Failure> {
    let nothing = Map::new();
    let members = given.as_object().unwrap_or(&nothing);
    let mut problems: Vec<String> = names
        .iter()
        .filter(|name| members.get(**name).is_none_or(Value::is_null))
        .map(|name| format!("The field \"{name}\" is required but was missing"))
        .collect();
    let is_known = |name: &str| names.contains(&name) || optional.contains(&name);
    problems.extend(
        members
            .keys()
            .filter(|name| !is_known(name))
            .map(|name| format!("The field \"{name}\" is not supported by Step Functions")),
    );
    if problems.is_empty() {
        Ok(names.iter().map(|name| members[*name].clone()).collect())
    } else {
        Err(failures::parameters(call.input.text(), &problems))
    }
}

fn values<const N: usize>(read: Vec<Value>) -> [Value; N] {
    let mut values = read.into_iter();
    std::array::from_fn(|_| values.next().unwrap_or_default())
}

fn renamed(mut result: Value, from: &str, to: &str) -> Value {
    if let Value::Object(members) = &mut result
        && let Some(value) = members.remove(from)
    {
        members.insert(to.to_owned(), value);
    }
    result
}

fn first(result: &Value, name: &str) -> Value {
    result
        .get(name)
        .and_then(|items| items.get(0))
        .cloned()
        .unwrap_or_default()
}

fn with(mut value: Value, name: &str, member: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.insert(name.to_owned(), member);
    }
    value
}

/// What of a cluster has names: the operation that lists it, the list in the answer, and what one of them is.
struct Named {
    operation: &'static str,
    list: &'static str,
    one: &'static str,
}

const FLEETS: Named = Named {
    operation: "listInstanceFleets",
    list: "InstanceFleets",
    one: "instance fleet",
};

const GROUPS: Named = Named {
    operation: "listInstanceGroups",
    list: "InstanceGroups",
    one: "instance group",
};
