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
    let ask = async |action: &str, given: Value| -> Result<Answer, Failure> {
        ask(services, optimised, action, &given, call).await
    };
    let read = |names: &[&str]| members(&given, names, call);
    match action {
        "createCluster" => {
            let answer = ask("runJobFlow", given).await?;
            Ok(Performed::of(answer).map(|result| renamed(result, "JobFlowId", "ClusterId")))
        }
        "terminateCluster" => {
            let [cluster] = values(read(&["ClusterId"])?);
            let answer = ask("terminateJobFlows", json!({ "JobFlowIds": [cluster] })).await?;
            Ok(Performed::of(answer))
        }
        "setClusterTerminationProtection" => {
            let [cluster, protected] = values(read(&["ClusterId", "TerminationProtected"])?);
            let request = json!({ "JobFlowIds": [cluster], "TerminationProtected": protected });
            Ok(Performed::of(
                ask("setTerminationProtection", request).await?,
            ))
        }
        "addStep" => {
            let mut read = read(&["ClusterId", "Step"])?;
            let role = given.get("ExecutionRoleArn").cloned();
            let [cluster, step] = values(std::mem::take(&mut read));
            let mut request = json!({ "JobFlowId": cluster, "Steps": [step] });
            if let (Some(role), Value::Object(members)) = (role, &mut request) {
                members.insert("ExecutionRoleArn".to_owned(), role);
            }
            let answer = ask("addJobFlowSteps", request).await?;
            Ok(Performed::of(answer).map(|result| json!({ "StepId": first(&result, "StepIds") })))
        }
        "cancelStep" => {
            let [cluster, step] = values(read(&["ClusterId", "StepId"])?);
            let request = json!({ "ClusterId": cluster, "StepIds": [step] });
            let answer = ask("cancelSteps", request).await?;
            Ok(Performed::of(answer).map(|result| {
                let cancelled = first(&result, "CancelStepsInfoList");
                json!({ "CancelStepsInfo": cancelled })
            }))
        }
        "modifyInstanceFleetByName" => {
            let [cluster, name, fleet] =
                values(read(&["ClusterId", "InstanceFleetName", "InstanceFleet"])?);
            let listed = ask("listInstanceFleets", json!({ "ClusterId": cluster })).await?;
            let id = found(&listed.result, "InstanceFleets", &name, call)?;
            let fleet = with(fleet, "InstanceFleetId", id);
            let request = json!({ "ClusterId": cluster, "InstanceFleet": fleet });
            Ok(Performed::of(ask("modifyInstanceFleet", request).await?))
        }
        "modifyInstanceGroupByName" => {
            let [cluster, name, group] =
                values(read(&["ClusterId", "InstanceGroupName", "InstanceGroup"])?);
            let listed = ask("listInstanceGroups", json!({ "ClusterId": cluster })).await?;
            let id = found(&listed.result, "InstanceGroups", &name, call)?;
            let group = with(group, "InstanceGroupId", id);
            let request = json!({ "ClusterId": cluster, "InstanceGroups": [group] });
            Ok(Performed::of(ask("modifyInstanceGroups", request).await?))
        }
        _ => Err(failures::unsupported(&call.resource)),
    }
}

/// The values of members that must be there; others are refused.
fn members(given: &Value, names: &[&str], call: &TaskCall) -> Result<Vec<Value>, Failure> {
    let nothing = Map::new();
    let members = given.as_object().unwrap_or(&nothing);
    let mut problems: Vec<String> = names
        .iter()
        .filter(|name| members.get(**name).is_none_or(Value::is_null))
        .map(|name| format!("The field \"{name}\" is required but was missing"))
        .collect();
    let is_known = |name: &str| names.contains(&name) || name == "ExecutionRoleArn";
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

/// The id of what has a name.
fn found(listed: &Value, list: &str, name: &Value, call: &TaskCall) -> Result<Value, Failure> {
    let items = listed.get(list).and_then(Value::as_array);
    let found = items
        .into_iter()
        .flatten()
        .find(|item| item.get("Name") == Some(name))
        .and_then(|item| item.get("Id"));
    found.cloned().ok_or_else(|| {
        let problem = format!("The cluster has nothing of the name {name} in {list}");
        failures::parameters(call.input.text(), &[problem])
    })
}
