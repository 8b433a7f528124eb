//! `elasticmapreduce:…`: clusters and steps, from their requests to their ends.

use serde_json::{Value, json};

use super::scripted::Scripted;

fn resource(action: &str) -> String {
    format!("arn:aws:states:::elasticmapreduce:{action}")
}

fn cluster(state: &str, reason: &str) -> (&'static str, Value) {
    let status = json!({ "State": state, "StateChangeReason": { "Code": reason } });
    let described = json!({ "Cluster": { "Id": "j-1", "Status": status } });
    ("DescribeCluster", described)
}

fn step(state: &str) -> (&'static str, Value) {
    let described = json!({ "Step": { "Id": "s-1", "Status": { "State": state } } });
    ("DescribeStep", described)
}

#[test]
fn clusters_and_steps_are_managed() {
    let emr = Scripted::open("AWS_ENDPOINT_URL_EMR");
    actions_become_operations(&emr);
    actions_may_fail(&emr);
    clusters_are_waited_for(&emr);
    steps_are_waited_for(&emr);
    what_nobody_waits_for_is_stopped(&emr);
}

fn actions_become_operations(emr: &Scripted) {
    emr.check(
        &resource("createCluster"),
        json!({ "Name": "c", "Instances": { "KeepJobFlowAliveWhenNoSteps": true, "InstanceCount": 1 } }),
        &[("RunJobFlow", json!({ "JobFlowId": "j-1", "ClusterArn": "arn" }))],
        &["RunJobFlow {\"Name\":\"c\",\"Instances\":{\"KeepJobFlowAliveWhenNoSteps\":true,\"InstanceCount\":1}}"],
        "{\"ClusterArn\":\"arn\",\"ClusterId\":\"j-1\"}",
    );
    emr.check(
        &resource("terminateCluster"),
        json!({ "ClusterId": "j-1" }),
        &[("TerminateJobFlows", json!({}))],
        &["TerminateJobFlows {\"JobFlowIds\":[\"j-1\"]}"],
        "{}",
    );
    emr.check(
        &resource("setClusterTerminationProtection"),
        json!({ "ClusterId": "j-1", "TerminationProtected": true }),
        &[("SetTerminationProtection", json!({}))],
        &["SetTerminationProtection {\"JobFlowIds\":[\"j-1\"],\"TerminationProtected\":true}"],
        "{}",
    );
    emr.check(
        &resource("addStep"),
        json!({
            "ClusterId": "j-1", "ExecutionRoleArn": "role",
            "Step": { "Name": "s", "ActionOnFailure": "CONTINUE", "HadoopJarStep": { "Jar": "command-runner.jar", "Args": ["ls"] } },
        }),
        &[("AddJobFlowSteps", json!({ "StepIds": ["s-1"] }))],
        &[
            "AddJobFlowSteps {\"JobFlowId\":\"j-1\",\"Steps\":[{\"Name\":\"s\",\"ActionOnFailure\":\"CONTINUE\",\"HadoopJarStep\":{\
             \"Jar\":\"command-runner.jar\",\"Args\":[\"ls\"]}}],\"ExecutionRoleArn\":\"role\"}",
        ],
        "{\"StepId\":\"s-1\"}",
    );
    emr.check(
        &resource("cancelStep"),
        json!({ "ClusterId": "j-1", "StepId": "s-1" }),
        &[(
            "CancelSteps",
            json!({ "CancelStepsInfoList": [{ "StepId": "s-1", "Status": "SUBMITTED" }] }),
        )],
        &["CancelSteps {\"ClusterId\":\"j-1\",\"StepIds\":[\"s-1\"]}"],
        "{\"CancelStepsInfo\":{\"Status\":\"SUBMITTED\",\"StepId\":\"s-1\"}}",
    );
    let fleets =
        json!({ "InstanceFleets": [{ "Id": "if-1", "Name": "a" }, { "Id": "if-2", "Name": "b" }] });
    emr.check(
        &resource("modifyInstanceFleetByName"),
        json!({ "ClusterId": "j-1", "InstanceFleetName": "b", "InstanceFleet": { "TargetSpotCapacity": 2 } }),
        &[("ListInstanceFleets", fleets), ("ModifyInstanceFleet", json!({}))],
        &[
            "ListInstanceFleets {\"ClusterId\":\"j-1\"}",
            "ModifyInstanceFleet {\"ClusterId\":\"j-1\",\"InstanceFleet\":{\"TargetSpotCapacity\":2,\"InstanceFleetId\":\"if-2\"}}",
        ],
        "{}",
    );
    // The name that is looked for may be on a later page.
    emr.check(
        &resource("modifyInstanceGroupByName"),
        json!({ "ClusterId": "j-1", "InstanceGroupName": "b", "InstanceGroup": { "InstanceCount": 3 } }),
        &[
            ("ListInstanceGroups", json!({ "InstanceGroups": [{ "Id": "ig-1", "Name": "a" }], "Marker": "m" })),
            ("ListInstanceGroups", json!({ "InstanceGroups": [{ "Id": "ig-2", "Name": "b" }] })),
            ("ModifyInstanceGroups", json!({})),
        ],
        &[
            "ListInstanceGroups {\"ClusterId\":\"j-1\"}",
            "ListInstanceGroups {\"ClusterId\":\"j-1\",\"Marker\":\"m\"}",
            "ModifyInstanceGroups {\"ClusterId\":\"j-1\",\"InstanceGroups\":[{\"InstanceCount\":3,\"InstanceGroupId\":\"ig-2\"}]}",
        ],
        "{}",
    );
}

fn actions_may_fail(emr: &Scripted) {
    let group = json!({ "ClusterId": "j-1", "InstanceGroupName": "x", "InstanceGroup": {} });
    emr.check(
        &resource("modifyInstanceGroupByName"),
        group.clone(),
        &[("ListInstanceGroups", json!({ "InstanceGroups": [] }))],
        &["ListInstanceGroups {\"ClusterId\":\"j-1\"}"],
        &format!(
            "States.Runtime: The Parameters '{group}' could not be used to start the Task: [The cluster j-1 has no instance group that is called x]"
        ),
    );
    let cancel = json!({ "ClusterId": "j-1", "ExecutionRoleArn": "role" });
    emr.check(
        &resource("cancelStep"),
        cancel.clone(),
        &[],
        &[],
        &format!(
            "States.Runtime: The Parameters '{cancel}' could not be used to start the Task: [The field \"StepId\" is required but was missing, \
             The field \"ExecutionRoleArn\" is not supported by Step Functions]"
        ),
    );
    emr.check(
        &resource("terminateCluster.sync"),
        json!({ "ClusterId": "j-1" }),
        &[("TerminateJobFlows", json!("ValidationException"))],
        &["TerminateJobFlows {\"JobFlowIds\":[\"j-1\"]}"],
        "ElasticMapReduce.AmazonElasticMapReduceException: as the test wants it (Service: AmazonElasticMapReduce; Status Code: 400; Error Code: \
         ValidationException; Request ID: …; Proxy: null)",
    );
    emr.check(
        &resource("createCluster"),
        json!({ "Name": "c", "Instances": {} }),
        &[("RunJobFlow", json!("InternalServerException"))],
        &["RunJobFlow {\"Name\":\"c\",\"Instances\":{}}"],
        "ElasticMapReduce.InternalServerException: as the test wants it (Service: AmazonElasticMapReduce; Status Code: 400; Error Code: \
         InternalServerException; Request ID: …; Proxy: null)",
    );
}

fn clusters_are_waited_for(emr: &Scripted) {
    let run = "RunJobFlow {\"Name\":\"c\",\"Instances\":{}}";
    let ask = "DescribeCluster {\"ClusterId\":\"j-1\"}";
    let made = ("RunJobFlow", json!({ "JobFlowId": "j-1" }));
    let create = json!({ "Name": "c", "Instances": {} });
    emr.check(
        &resource("createCluster.sync"),
        create.clone(),
        &[made.clone(), cluster("STARTING", ""), cluster("BOOTSTRAPPING", ""), cluster("WAITING", "")],
        &[run, ask, ask, ask],
        "{\"Cluster\":{\"Id\":\"j-1\",\"Status\":{\"State\":\"WAITING\",\"StateChangeReason\":{\"Code\":\"\"}}},\"ClusterId\":\"j-1\"}",
    );
    emr.check(
        &resource("createCluster.sync"),
        create,
        &[made, cluster("STARTING", ""), cluster("TERMINATED_WITH_ERRORS", "BOOTSTRAP_FAILURE")],
        &[run, ask, ask],
        "States.TaskFailed: {\"Cluster\":{\"Id\":\"j-1\",\"Status\":{\"State\":\"TERMINATED_WITH_ERRORS\",\"StateChangeReason\":{\"Code\":\
         \"BOOTSTRAP_FAILURE\"}}},\"ClusterId\":\"j-1\"}",
    );
    emr.check(
        &resource("terminateCluster.sync"),
        json!({ "ClusterId": "j-1" }),
        &[("TerminateJobFlows", json!({})), cluster("TERMINATING", ""), cluster("TERMINATED", "USER_REQUEST")],
        &["TerminateJobFlows {\"JobFlowIds\":[\"j-1\"]}", ask, ask],
        "{\"Cluster\":{\"Id\":\"j-1\",\"Status\":{\"State\":\"TERMINATED\",\"StateChangeReason\":{\"Code\":\"USER_REQUEST\"}}},\"ClusterId\":\"j-1\"}",
    );
}

fn steps_are_waited_for(emr: &Scripted) {
    let added = ("AddJobFlowSteps", json!({ "StepIds": ["s-1"] }));
    let add = "AddJobFlowSteps {\"JobFlowId\":\"j-1\",\"Steps\":[{\"Name\":\"s\",\"HadoopJarStep\":{\"Jar\":\"j\"}}]}";
    let ask = "DescribeStep {\"ClusterId\":\"j-1\",\"StepId\":\"s-1\"}";
    let parameters =
        json!({ "ClusterId": "j-1", "Step": { "Name": "s", "HadoopJarStep": { "Jar": "j" } } });
    emr.check(
        &resource("addStep.sync"),
        parameters.clone(),
        &[
            added.clone(),
            step("PENDING"),
            step("RUNNING"),
            step("COMPLETED"),
        ],
        &[add, ask, ask, ask],
        "{\"Step\":{\"Id\":\"s-1\",\"Status\":{\"State\":\"COMPLETED\"}}}",
    );
    for bad in ["FAILED", "CANCELLED", "INTERRUPTED"] {
        emr.check(
            &resource("addStep.sync"),
            parameters.clone(),
            &[added.clone(), step(bad)],
            &[add, ask],
            &format!("States.TaskFailed: {{\"Step\":{{\"Id\":\"s-1\",\"Status\":{{\"State\":\"{bad}\"}}}}}}"),
        );
    }
}

fn what_nobody_waits_for_is_stopped(emr: &Scripted) {
    emr.check_stop(
        &resource("addStep.sync"),
        json!({ "ClusterId": "j-1", "Step": { "Name": "s", "HadoopJarStep": { "Jar": "j" } } }),
        &[
            ("AddJobFlowSteps", json!({ "StepIds": ["s-1"] })),
            step("RUNNING"),
            ("CancelSteps", json!({})),
        ],
        "CancelSteps {\"ClusterId\":\"j-1\",\"StepIds\":[\"s-1\"]}",
    );
    emr.check_stop(
        &resource("createCluster.sync"),
        json!({ "Name": "c", "Instances": {} }),
        &[
            ("RunJobFlow", json!({ "JobFlowId": "j-1" })),
            cluster("STARTING", ""),
            ("TerminateJobFlows", json!({})),
        ],
        "TerminateJobFlows {\"JobFlowIds\":[\"j-1\"]}",
    );
}
