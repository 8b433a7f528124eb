//! EMR Serverless, EMR on EKS, EKS, CodeBuild and Bedrock: services whose paths tell what is asked, and what is only cheap to have.

use serde_json::{Value, json};

use super::World;
use super::scripted::Scripted;

#[test]
fn applications_and_jobs_of_emr_are_waited_for() {
    let emr = Scripted::open("AWS_ENDPOINT_URL");
    let token = "token-of-the-state";
    let application =
        |state: &str| json!({ "application": { "applicationId": "a", "state": state } });
    let of = |action: &str| format!("arn:aws:states:::emr-serverless:{action}");
    let asks = "GET /applications/a";
    emr.check(
        &of("createApplication.sync"),
        json!({ "Name": "n", "ReleaseLabel": "emr-7", "Type": "SPARK", "ClientToken": token }),
        &[
            ("POST /applications", json!({ "applicationId": "a", "arn": "arn" })),
            (asks, application("CREATING")),
            (asks, application("CREATED")),
        ],
        &[
            "POST /applications {\"name\":\"n\",\"releaseLabel\":\"emr-7\",\"type\":\"SPARK\",\"clientToken\":\"token-of-the-state\"}",
            asks,
            asks,
        ],
        "{\"Application\":{\"ApplicationId\":\"a\",\"State\":\"CREATED\"}}",
    );
    emr.check(
        &of("startApplication.sync"),
        json!({ "ApplicationId": "a" }),
        &[
            ("POST /applications/a/start", json!({})),
            (asks, application("STARTED")),
        ],
        &["POST /applications/a/start", asks],
        "{\"Application\":{\"ApplicationId\":\"a\",\"State\":\"STARTED\"}}",
    );
    emr.check(
        &of("stopApplication.sync"),
        json!({ "ApplicationId": "a" }),
        &[
            ("POST /applications/a/stop", json!({})),
            (asks, application("TERMINATED")),
        ],
        &["POST /applications/a/stop", asks],
        "States.TaskFailed: {\"Application\":{\"ApplicationId\":\"a\",\"State\":\"TERMINATED\"}}",
    );
    // What is deleted may be forgotten before it is asked after.
    emr.check(
        &of("deleteApplication.sync"),
        json!({ "ApplicationId": "a" }),
        &[
            ("DELETE /applications/a", json!({})),
            (asks, application("STOPPED")),
            (asks, json!("ResourceNotFoundException")),
        ],
        &["DELETE /applications/a", asks, asks],
        "{\"Application\":{\"ApplicationId\":\"a\",\"State\":\"STOPPED\"}}",
    );
    let run = |state: &str| json!({ "jobRun": { "jobRunId": "r", "state": state } });
    let start = json!({ "ApplicationId": "a", "ExecutionRoleArn": "role", "ClientToken": token });
    let submit = "POST /applications/a/jobruns";
    let asked = format!("{submit} {{\"clientToken\":\"{token}\",\"executionRoleArn\":\"role\"}}");
    let asks = "GET /applications/a/jobruns/r";
    let made = (
        submit,
        json!({ "applicationId": "a", "jobRunId": "r", "arn": "arn" }),
    );
    emr.check(
        &of("startJobRun.sync"),
        start.clone(),
        &[made.clone(), (asks, run("RUNNING")), (asks, run("SUCCESS"))],
        &[&asked, asks, asks],
        "{\"JobRunId\":\"r\",\"State\":\"SUCCESS\"}",
    );
    emr.check(
        &of("startJobRun.sync"),
        start.clone(),
        &[made.clone(), (asks, run("FAILED"))],
        &[&asked, asks],
        "States.TaskFailed: {\"JobRunId\":\"r\",\"State\":\"FAILED\"}",
    );
    emr.check(
        &of("cancelJobRun.sync"),
        json!({ "ApplicationId": "a", "JobRunId": "r" }),
        &[
            ("DELETE /applications/a/jobruns/r", json!({})),
            (asks, run("CANCELLING")),
            (asks, run("CANCELLED")),
        ],
        &["DELETE /applications/a/jobruns/r", asks, asks],
        "{\"JobRunId\":\"r\",\"State\":\"CANCELLED\"}",
    );
    emr.check_stop(
        &of("startJobRun.sync"),
        start,
        &[
            made,
            (asks, run("RUNNING")),
            ("DELETE /applications/a/jobruns/r", json!({})),
        ],
        "DELETE /applications/a/jobruns/r",
    );

    let run = |state: &str| json!({ "jobRun": { "id": "r", "state": state } });
    let submit = "POST /virtualclusters/v/jobruns";
    let asks = "GET /virtualclusters/v/jobruns/r";
    emr.check(
        "arn:aws:states:::emr-containers:startJobRun.sync",
        json!({ "VirtualClusterId": "v", "ClientToken": token }),
        &[
            (submit, json!({ "id": "r", "virtualClusterId": "v" })),
            (asks, run("SUBMITTED")),
            (asks, run("COMPLETED")),
        ],
        &[
            &format!("{submit} {{\"clientToken\":\"{token}\"}}"),
            asks,
            asks,
        ],
        "{\"Id\":\"r\",\"State\":\"COMPLETED\"}",
    );
}

#[test]
fn models_are_asked() {
    let bedrock = Scripted::open("AWS_ENDPOINT_URL_BEDROCK_RUNTIME");
    let path = "POST /model/maker.model-v1%3A0/invoke";
    bedrock.check(
        "arn:aws:states:::bedrock:invokeModel",
        json!({ "ModelId": "maker.model-v1:0", "Body": { "prompt": "é?" }, "ContentType": "application/json", "Accept": "*/*" }),
        &[(path, json!({ "answer": [42] }))],
        &[&format!("{path} {{\"prompt\":\"é?\"}}")],
        "{\"Body\":{\"answer\":[42]},\"ContentType\":\"application/json\"}",
    );
}

/// Against services that somebody else wrote.
#[test]
fn clusters_and_builds_come_and_go() {
    let world = World::open();
    let call = |resource: &str, parameters: Value| {
        world.call(&format!("arn:aws:states:::{resource}"), parameters)
    };
    let role = "arn:aws:iam::123456789012:role/eks";
    let network = json!({ "SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"] });
    let made = call(
        "eks:createCluster.sync",
        json!({ "Name": "c", "RoleArn": role, "ResourcesVpcConfig": network }),
    );
    assert_eq!(made["Cluster"]["Status"], "ACTIVE", "{made}");
    let group = json!({ "ClusterName": "c", "NodegroupName": "g" });
    let mut whole = group.clone();
    whole["Subnets"] = network["SubnetIds"].clone();
    whole["NodeRole"] = role.into();
    let made = call("eks:createNodegroup.sync", whole);
    assert_eq!(made["Nodegroup"]["Status"], "ACTIVE", "{made}");
    call("eks:deleteNodegroup.sync", group);
    call("eks:deleteCluster.sync", json!({ "Name": "c" }));
    let (error, _) = world.failure(
        "arn:aws:states:::eks:deleteCluster.sync",
        json!({ "Name": "c" }),
    );
    assert_eq!(error, "EKS.ResourceNotFoundException");

    let project = json!({
        "Name": "project", "ServiceRole": "arn:aws:iam::123456789012:role/service-role/build", "Source": { "Type": "S3", "Location": "b/k" },
        "Artifacts": { "Type": "NO_ARTIFACTS" },
        "Environment": { "Type": "LINUX_CONTAINER", "Image": "i", "ComputeType": "BUILD_GENERAL1_SMALL" },
    });
    call("aws-sdk:codebuild:createProject", project);
    let built = call(
        "codebuild:startBuild.sync",
        json!({ "ProjectName": "project" }),
    );
    assert_eq!(built["Build"]["BuildStatus"], "SUCCEEDED", "{built}");
}
