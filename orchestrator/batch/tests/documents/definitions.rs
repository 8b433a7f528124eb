//! RegisterJobDefinition, revisions, and references to them.

use std::sync::Arc;

use batch::definition::{DefinitionReference, DefinitionStatus, JobDefinition};
use batch::view::JobDefinitionDetail;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::{nodes_request, patched, register_request, registered, site};

/// A request with a change: empty text if it is accepted, else what is wrong.
fn check(patch: Value, expected: Expect) {
    check_of(register_request(), patch, expected);
}

fn check_of(base: Value, patch: Value, expected: Expect) {
    let outcome = registered(&patched(&base, &patch));
    let text = outcome
        .map(|_| String::new())
        .unwrap_or_else(|error| error.to_string());
    expected.assert_eq(&text);
}

/// A container with a change.
fn container(patch: Value) -> Value {
    json!({ "containerProperties": patch })
}

#[test]
fn names_are_plain_and_short() {
    check(json!({}), expect![[""]]);
    check(json!({ "jobDefinitionName": "a_b-9" }), expect![[""]]);
    check(
        json!({ "jobDefinitionName": "" }),
        expect![[
            r#"jobDefinitionName must be 1 to 128 letters, digits, hyphens and underscores, not """#
        ]],
    );
    check(
        json!({ "jobDefinitionName": "a b" }),
        expect![[
            r#"jobDefinitionName must be 1 to 128 letters, digits, hyphens and underscores, not "a b""#
        ]],
    );
    check(
        json!({ "jobDefinitionName": "ä" }),
        expect![[
            r#"jobDefinitionName must be 1 to 128 letters, digits, hyphens and underscores, not "ä""#
        ]],
    );
    check(
        json!({ "jobDefinitionName": "x".repeat(128) }),
        expect![[""]],
    );
    check(
        json!({ "jobDefinitionName": "x".repeat(129) }),
        expect![[
            r#"jobDefinitionName must be 1 to 128 letters, digits, hyphens and underscores, not "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"…"#
        ]],
    );
}

#[test]
fn a_container_has_an_image_and_resources() {
    check(
        json!({ "containerProperties": null }),
        expect![["containerProperties must be given for type container"]],
    );
    check(
        container(json!({ "image": null })),
        expect![["containerProperties.image must be given"]],
    );
    check(
        container(json!({ "image": "no spaces" })),
        expect![[
            r#"containerProperties.image must be an image's reference of at most 255 characters, not "no spaces""#
        ]],
    );
    let requirements = |list: Value| container(json!({ "resourceRequirements": list }));
    let vcpu = |value: &str| json!({ "type": "VCPU", "value": value });
    let memory = |value: &str| json!({ "type": "MEMORY", "value": value });
    check(
        requirements(json!([])),
        expect![["containerProperties.resourceRequirements must have VCPU"]],
    );
    check(
        requirements(json!([vcpu("1")])),
        expect![["containerProperties.resourceRequirements must have MEMORY, in MiB"]],
    );
    check(requirements(json!([vcpu("1"), memory("4")])), expect![[""]]);
    check(
        requirements(json!([vcpu("1"), memory("3")])),
        expect![[
            r#"containerProperties.resourceRequirements: the value of MEMORY must be a whole number of MiB, 4 to 16777216, not "3""#
        ]],
    );
    check(
        requirements(json!([vcpu("1"), memory("1.5")])),
        expect![[
            r#"containerProperties.resourceRequirements: the value of MEMORY must be a whole number of MiB, 4 to 16777216, not "1.5""#
        ]],
    );
    check(
        requirements(json!([vcpu("1"), memory("+9")])),
        expect![[
            r#"containerProperties.resourceRequirements: the value of MEMORY must be a whole number of MiB, 4 to 16777216, not "+9""#
        ]],
    );
    check(
        requirements(json!([vcpu("1"), memory("16777217")])),
        expect![[
            r#"containerProperties.resourceRequirements: the value of MEMORY must be a whole number of MiB, 4 to 16777216, not "16777217""#
        ]],
    );
    check(
        requirements(json!([vcpu("99999999999"), memory("4")])),
        expect![[
            r#"containerProperties.resourceRequirements: the value of VCPU must be a number above 0 and at most 100000, with at most 3 decimals, not "99999999999""#
        ]],
    );
    check(
        requirements(json!([vcpu("0"), memory("4")])),
        expect![[
            r#"containerProperties.resourceRequirements: the value of VCPU must be a number above 0 and at most 100000, with at most 3 decimals, not "0""#
        ]],
    );
    check(
        requirements(json!([vcpu("-1"), memory("4")])),
        expect![[
            r#"containerProperties.resourceRequirements: the value of VCPU must be a number above 0 and at most 100000, with at most 3 decimals, not "-1""#
        ]],
    );
    check(
        requirements(json!([vcpu("many"), memory("4")])),
        expect![[
            r#"containerProperties.resourceRequirements: the value of VCPU must be a number above 0 and at most 100000, with at most 3 decimals, not "many""#
        ]],
    );
    check(
        requirements(json!([vcpu("0.25"), memory("4")])),
        expect![[""]],
    );
    check(
        requirements(json!([vcpu("1"), vcpu("2"), memory("4")])),
        expect![["containerProperties.resourceRequirements: VCPU is there twice"]],
    );
    check(
        requirements(json!([vcpu("1"), memory("4"), { "type": "GPU", "value": "x" }])),
        expect![[
            r#"containerProperties.resourceRequirements: the value of GPU must be a whole number up to 100000, not "x""#
        ]],
    );
    let old = |vcpus: i32, memory: i32| {
        container(json!({ "resourceRequirements": null, "vcpus": vcpus, "memory": memory }))
    };
    check(old(1, 4), expect![[""]]);
    check(
        old(0, 4),
        expect![["containerProperties.vcpus must be at least 1, not 0"]],
    );
    check(
        old(1, 3),
        expect![["containerProperties.memory must be at least 4 MiB, not 3"]],
    );
}

#[test]
fn variables_of_batch_are_its_own() {
    let variable =
        |name: &str| container(json!({ "environment": [{ "name": name, "value": "x" }] }));
    check(variable("AWS_REGION"), expect![[""]]);
    check(
        variable("AWS_BATCH_JOB_ID"),
        expect![[
            r#"containerProperties.environment[0].name must not begin with AWS_BATCH, which is Batch's own, unlike "AWS_BATCH_JOB_ID""#
        ]],
    );
    check(
        variable("AWS_BATCHED"),
        expect![[
            r#"containerProperties.environment[0].name must not begin with AWS_BATCH, which is Batch's own, unlike "AWS_BATCHED""#
        ]],
    );
    check(
        variable(""),
        expect![[r#"containerProperties.environment[0].name must be a variable's name, not """#]],
    );
    check(
        variable("A=B"),
        expect![[
            r#"containerProperties.environment[0].name must be a variable's name, not "A=B""#
        ]],
    );
    let secret = json!([{ "name": "AWS_BATCH_X", "valueFrom": "password" }]);
    check(
        container(json!({ "secrets": secret })),
        expect![[
            r#"containerProperties.secrets[0].name must not begin with AWS_BATCH, which is Batch's own, unlike "AWS_BATCH_X""#
        ]],
    );
    check(
        container(json!({ "command": ["a\u{0}b"] })),
        expect![["containerProperties.command[0] must not have a NUL"]],
    );
}

#[test]
fn mounts_name_volumes() {
    let mounts = |volumes: Value, mounts: Value| {
        container(json!({ "volumes": volumes, "mountPoints": mounts }))
    };
    let volume = json!({ "name": "data", "host": { "sourcePath": "/srv/data" } });
    let mount = |source: &str, path: &str| json!({ "sourceVolume": source, "containerPath": path });
    check(
        mounts(json!([volume]), json!([mount("data", "/data")])),
        expect![[""]],
    );
    check(
        mounts(json!([volume]), json!([mount("date", "/data")])),
        expect![[
            r#"containerProperties.mountPoints[0].sourceVolume "date" is none of the volumes"#
        ]],
    );
    check(
        mounts(json!([volume]), json!([mount("data", "data")])),
        expect![[
            r#"containerProperties.mountPoints[0].containerPath must be an absolute path, not "data""#
        ]],
    );
    check(
        mounts(json!([volume, volume]), json!([])),
        expect![[r#"containerProperties.volumes[1].name "data" is there twice"#]],
    );
    check(
        mounts(json!([{ "host": { "sourcePath": "/x" } }]), json!([])),
        expect![["containerProperties.volumes[0].name must be given"]],
    );
    check(
        mounts(
            json!([{ "name": "x", "host": { "sourcePath": "x" } }]),
            json!([]),
        ),
        expect![[
            r#"containerProperties.volumes[0].host.sourcePath must be an absolute path, not "x""#
        ]],
    );
    let efs = json!({ "name": "x", "efsVolumeConfiguration": { "fileSystemId": "fs-1" } });
    check(
        mounts(json!([efs]), json!([])),
        expect![[
            "containerProperties.volumes[0]: file systems of AWS are not here, use host.sourcePath"
        ]],
    );
}

#[test]
fn the_kernel_is_asked_for_what_it_can_do() {
    let limit = |name: &str, soft: i64, hard: i64| {
        container(json!({ "ulimits": [{ "name": name, "softLimit": soft, "hardLimit": hard }] }))
    };
    check(limit("nofile", 100, 200), expect![[""]]);
    check(limit("core", -1, -1), expect![[""]]);
    check(
        limit("nofile", 200, 100),
        expect![[
            "containerProperties.ulimits[0] nofile: softLimit 200 must not be above hardLimit 100"
        ]],
    );
    check(
        limit("files", 1, 1),
        expect![[
            r#"containerProperties.ulimits[0].name must be one of core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, rttime, sigpending, stack, not "files""#
        ]],
    );
    let linux = |parameters: Value| container(json!({ "linuxParameters": parameters }));
    let tmpfs = |path: &str, size: i64| {
        linux(json!({ "tmpfs": [{ "containerPath": path, "size": size }] }))
    };
    check(tmpfs("/tmp", 16), expect![[""]]);
    check(
        tmpfs("/tmp", 0),
        expect![[
            "containerProperties.linuxParameters.tmpfs[0].size must be between 1 and 16777216, not 0"
        ]],
    );
    check(
        tmpfs("tmp", 16),
        expect![[
            r#"containerProperties.linuxParameters.tmpfs[0].containerPath must be an absolute path, not "tmp""#
        ]],
    );
    check(
        linux(json!({ "swappiness": 101 })),
        expect![[
            "containerProperties.linuxParameters.swappiness must be between 0 and 100, not 101"
        ]],
    );
    check(
        linux(json!({ "sharedMemorySize": 0 })),
        expect![[
            "containerProperties.linuxParameters.sharedMemorySize must be between 1 and 16777216, not 0"
        ]],
    );
    check(
        linux(json!({ "devices": [{ "hostPath": "/dev/x", "permissions": ["EXECUTE"] }] })),
        expect![[
            r#"containerProperties.linuxParameters.devices[0].permissions must be READ, WRITE or MKNOD, not "EXECUTE""#
        ]],
    );
    check(
        container(json!({ "logConfiguration": {
            "logDriver": "awslogs", "options": { "awslogs-stream-prefix": "../etc" },
        } })),
        expect![[
            r#"containerProperties.logConfiguration.options.awslogs-stream-prefix must be a name without : and *, not "../etc""#
        ]],
    );
    check(
        container(json!({ "logConfiguration": { "logDriver": "paper" } })),
        expect![[
            r#"containerProperties.logConfiguration.logDriver must be one of json-file, syslog, journald, gelf, fluentd, awslogs, splunk, awsfirelens, not "paper""#
        ]],
    );
}

#[test]
fn a_retry_strategy_has_attempts_and_sound_globs() {
    let retry = |strategy: Value| json!({ "retryStrategy": strategy });
    let rule = |name: &str, glob: &str| json!({ "attempts": 2, "evaluateOnExit": [{ name: glob, "action": "exit" }] });
    check(retry(json!({ "attempts": 1 })), expect![[""]]);
    check(retry(json!({ "attempts": 10 })), expect![[""]]);
    check(
        retry(json!({ "attempts": 0 })),
        expect![["retryStrategy.attempts must be between 1 and 10, not 0"]],
    );
    check(
        retry(json!({ "attempts": 11 })),
        expect![["retryStrategy.attempts must be between 1 and 10, not 11"]],
    );
    check(
        retry(json!({ "evaluateOnExit": [{ "onExitCode": "1", "action": "RETRY" }] })),
        expect![["RetryAttempts must be provided with retry strategy"]],
    );
    check(retry(rule("onExitCode", "1*")), expect![[""]]);
    check(retry(rule("onExitCode", "*")), expect![[""]]);
    check(
        retry(rule("onExitCode", "*1")),
        expect![[
            r#"retryStrategy.evaluateOnExit[0].onExitCode may have one * and only at its end, unlike "*1""#
        ]],
    );
    check(
        retry(rule("onExitCode", "one")),
        expect![[
            r#"retryStrategy.evaluateOnExit[0].onExitCode must be digits with at most one * at the end, not "one""#
        ]],
    );
    check(
        retry(rule("onReason", "Out*Of*")),
        expect![[
            r#"retryStrategy.evaluateOnExit[0].onReason may have one * and only at its end, unlike "Out*Of*""#
        ]],
    );
    check(
        retry(rule("onReason", "")),
        expect![[
            r#"retryStrategy.evaluateOnExit[0].onReason must be 1 to 512 characters, not """#
        ]],
    );
    check(retry(rule("onStatusReason", "Host EC2*")), expect![[""]]);
    let six = vec![json!({ "onExitCode": "1", "action": "RETRY" }); 6];
    check(
        retry(json!({ "attempts": 2, "evaluateOnExit": six })),
        expect![["retryStrategy.evaluateOnExit must have at most 5 rules, not 6"]],
    );
}

#[test]
fn numbers_and_sizes_have_bounds() {
    check(
        json!({ "timeout": { "attemptDurationSeconds": 60 } }),
        expect![[""]],
    );
    check(
        json!({ "timeout": { "attemptDurationSeconds": 59 } }),
        expect![["timeout.attemptDurationSeconds must be at least 60, not 59"]],
    );
    check(json!({ "schedulingPriority": 9999 }), expect![[""]]);
    check(
        json!({ "schedulingPriority": 10000 }),
        expect![["schedulingPriority must be between 0 and 9999, not 10000"]],
    );
    check(
        json!({ "tags": { "aws:x": "1" } }),
        expect![[r#"tag "aws:x" begins with aws:, which is AWS's own"#]],
    );
    check(
        json!({ "platformCapabilities": ["MAINFRAME"] }),
        expect![[
            r#"platformCapabilities must be EC2, FARGATE or MANAGED_INSTANCES, not "MAINFRAME""#
        ]],
    );
    check(
        json!({ "parameters": { "x": "y".repeat(25_000) } }),
        expect![["a job definition must be at most 24576 bytes, not 25354"]],
    );
    let taken = |quantity: Value| {
        json!({ "consumableResourceProperties": {
            "consumableResourceList": [{ "consumableResource": "licence", "quantity": quantity }],
        } })
    };
    check(taken(json!(1)), expect![[""]]);
    check(
        taken(json!(-1)),
        expect![[
            "consumableResourceProperties.consumableResourceList[0].quantity must be at least 0, not -1"
        ]],
    );
    check(
        taken(json!(null)),
        expect![["consumableResourceProperties.consumableResourceList[0].quantity must be given"]],
    );
}

#[test]
fn nodes_are_all_in_ranges_that_do_not_cross() {
    let check = |patch: Value, expected: Expect| {
        check_of(
            nodes_request(),
            json!({ "nodeProperties": patch }),
            expected,
        );
    };
    let container = register_request()["containerProperties"].clone();
    let ranges = |targets: &[&str]| {
        let range = |target: &&str| json!({ "targetNodes": target, "container": container });
        json!({ "numNodes": 6, "nodeRangeProperties": targets.iter().map(range).collect::<Vec<_>>() })
    };
    check(json!({}), expect![[""]]);
    check(
        json!({ "numNodes": 0 }),
        expect![["nodeProperties.numNodes must be between 1 and 1000, not 0"]],
    );
    check(
        json!({ "mainNode": 3 }),
        expect![["nodeProperties.mainNode must be one of the 3 nodes, 0 to 2, not 3"]],
    );
    check(ranges(&["0:5"]), expect![[""]]);
    check(ranges(&[":5"]), expect![[""]]);
    check(ranges(&["0", "1:"]), expect![[""]]);
    check(ranges(&["0:5", "2:3"]), expect![[""]]);
    check(
        ranges(&["0:4"]),
        expect![["nodeProperties.nodeRangeProperties: node 5 of 6 is in no range"]],
    );
    check(
        ranges(&["0:6"]),
        expect![[
            r#"nodeProperties.nodeRangeProperties[0].targetNodes must be written as 0:3, 4:, :2 or 5 and lie within 6 nodes, not "0:6""#
        ]],
    );
    check(
        ranges(&["0:3", "2:5"]),
        expect![[
            r#"nodeProperties.nodeRangeProperties[1].targetNodes "2:5" crosses another range: one may only lie inside another"#
        ]],
    );
    check(
        ranges(&["0:5", "0:5"]),
        expect![[
            r#"nodeProperties.nodeRangeProperties[1].targetNodes "0:5" crosses another range: one may only lie inside another"#
        ]],
    );
    check(
        ranges(&["3:2", "0:5"]),
        expect![[
            r#"nodeProperties.nodeRangeProperties[0].targetNodes must be written as 0:3, 4:, :2 or 5 and lie within 6 nodes, not "3:2""#
        ]],
    );
    check(
        ranges(&[":"]),
        expect![[
            r#"nodeProperties.nodeRangeProperties[0].targetNodes must be written as 0:3, 4:, :2 or 5 and lie within 6 nodes, not ":""#
        ]],
    );
    check(
        ranges(&["all"]),
        expect![[
            r#"nodeProperties.nodeRangeProperties[0].targetNodes must be written as 0:3, 4:, :2 or 5 and lie within 6 nodes, not "all""#
        ]],
    );
    check(
        ranges(&["0", "1", "2", "3", "4", "5"]),
        expect![["nodeProperties.nodeRangeProperties must have 1 to 5 ranges, not 6"]],
    );
    check(
        json!({ "nodeRangeProperties": [{ "targetNodes": "0:" }] }),
        expect![["nodeProperties.nodeRangeProperties[0].container must be given"]],
    );
}

#[test]
fn kinds_do_not_mix() {
    let container = register_request()["containerProperties"].clone();
    check(
        json!({ "nodeProperties": nodes_request()["nodeProperties"] }),
        expect![["nodeProperties are for type multinode, not for type container"]],
    );
    check(
        json!({ "type": "multinode" }),
        expect![["nodeProperties must be given for type multinode"]],
    );
    check_of(
        nodes_request(),
        json!({ "containerProperties": container }),
        expect![[
            "containerProperties are for type container: a multinode definition has its containers in nodeProperties"
        ]],
    );
    check(
        json!({ "eksProperties": {} }),
        expect![[
            "eksProperties are not supported: jobs run in containers of this machine, use containerProperties"
        ]],
    );
    check(
        json!({ "ecsProperties": {} }),
        expect![["containerProperties and ecsProperties exclude each other"]],
    );
}

/// A definition in ECS's words.
fn ecs(container_patch: Value) -> Value {
    let mut container = register_request()["containerProperties"].clone();
    container["name"] = json!("main");
    let container = patched(&container, &container_patch);
    json!({
        "containerProperties": null,
        "ecsProperties": { "taskProperties": [{
            "containers": [container],
            "taskRoleArn": "arn:aws:iam::123456789012:role/job",
            "volumes": [{ "name": "scratch" }],
        }] },
    })
}

#[test]
fn a_task_of_one_container_is_a_container() {
    let definition =
        registered(&patched(&register_request(), &ecs(json!({})))).expect("it is sound");
    let container = definition
        .container_properties
        .as_deref()
        .expect("it has a container");
    assert_eq!(container.image.as_deref(), Some("busybox:1.36"));
    assert_eq!(
        container.job_role_arn.as_deref(),
        Some("arn:aws:iam::123456789012:role/job")
    );
    assert_eq!(container.volumes.len(), 1);
    assert_eq!(container.resources().memory_mib, 64);
    check(
        ecs(json!({ "image": null })),
        expect![["ecsProperties.taskProperties[0].containers[0].image must be given"]],
    );
    check(
        ecs(json!({ "dependsOn": [{ "containerName": "x" }] })),
        expect![[
            "ecsProperties.taskProperties[0].containers[0].dependsOn is not supported: there is no other container"
        ]],
    );
    check(
        ecs(json!({ "essential": false })),
        expect![[
            "ecsProperties.taskProperties[0].containers[0].essential must not be false: it is the only container"
        ]],
    );
    let one = json!({ "name": "x", "image": "x" });
    let two = json!({ "taskProperties": [{ "containers": [one, one] }] });
    check(
        json!({ "containerProperties": null, "ecsProperties": two }),
        expect![[
            "ecsProperties.taskProperties[0].containers has 2 elements: jobs of more than one container are not supported"
        ]],
    );
    let host = json!({ "taskProperties": [{ "containers": [one], "pidMode": "host" }] });
    check(
        json!({ "containerProperties": null, "ecsProperties": host }),
        expect![[r#"ecsProperties.taskProperties[0].pidMode "host" is not supported"#]],
    );
}

#[test]
fn all_members_come_back() {
    let container = json!({
        "image": "busybox", "vcpus": 1, "memory": 64, "command": ["true"], "jobRoleArn": "r", "executionRoleArn": "e",
        "volumes": [{ "name": "v", "host": { "sourcePath": "/v" } }],
        "environment": [{ "name": "A", "value": "b" }],
        "mountPoints": [{ "containerPath": "/v", "readOnly": true, "sourceVolume": "v" }],
        "readonlyRootFilesystem": true, "privileged": false,
        "ulimits": [{ "name": "nofile", "softLimit": 1, "hardLimit": 2 }],
        "user": "1000:1000", "instanceType": "m5.large",
        "resourceRequirements": [{ "type": "GPU", "value": "1" }],
        "linuxParameters": {
            "devices": [{ "hostPath": "/dev/null", "containerPath": "/dev/null", "permissions": ["READ"] }],
            "initProcessEnabled": true, "sharedMemorySize": 64,
            "tmpfs": [{ "containerPath": "/t", "size": 1, "mountOptions": ["ro"] }],
            "maxSwap": 0, "swappiness": 60,
        },
        "logConfiguration": {
            "logDriver": "awslogs", "options": { "awslogs-group": "g" },
            "secretOptions": [{ "name": "s", "valueFrom": "v" }],
        },
        "secrets": [{ "name": "S", "valueFrom": "v" }],
        "networkConfiguration": { "assignPublicIp": "DISABLED" },
        "fargatePlatformConfiguration": { "platformVersion": "LATEST" },
        "enableExecuteCommand": false,
        "ephemeralStorage": { "sizeInGiB": 21 },
        "runtimePlatform": { "cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX" },
        "repositoryCredentials": { "credentialsParameter": "c" },
    });
    let request = json!({
        "jobDefinitionName": "all", "type": "container", "parameters": { "a": "b" }, "schedulingPriority": 1,
        "containerProperties": container,
        "retryStrategy": { "attempts": 2, "evaluateOnExit": [{
            "onStatusReason": "Host*", "onReason": "a", "onExitCode": "1", "action": "RETRY",
        }] },
        "propagateTags": true, "timeout": { "attemptDurationSeconds": 60 }, "platformCapabilities": ["EC2"],
        "consumableResourceProperties": { "consumableResourceList": [{ "consumableResource": "l", "quantity": 1 }] },
    });
    let definition = registered(&request).expect("it is sound");
    let shown = JobDefinitionDetail::of(&definition, [("team".into(), "x".into())].into(), &site());
    let shown = serde_json::to_value(shown).expect("a document is JSON");
    let added = json!({
        "jobDefinitionArn": "arn:aws:batch:us-east-1:123456789012:job-definition/all:3",
        "revision": 3, "status": "ACTIVE", "tags": { "team": "x" }, "containerOrchestrationType": "ECS",
    });
    assert_eq!(shown, patched(&request, &added));
    let stored: JobDefinition =
        serde_json::from_str(&serde_json::to_string(&definition).expect("JSON"))
            .expect("it can be read again");
    assert_eq!(stored, definition);
}

#[test]
fn empty_lists_of_a_container_are_shown() {
    let definition = registered(&register_request()).expect("it is sound");
    let shown = JobDefinitionDetail::of(&definition, Default::default(), &site());
    expect![[r#"
        {
          "jobDefinitionArn": "arn:aws:batch:us-east-1:123456789012:job-definition/resize:3",
          "tags": {},
          "containerOrchestrationType": "ECS",
          "jobDefinitionName": "resize",
          "revision": 3,
          "status": "ACTIVE",
          "type": "container",
          "parameters": {},
          "containerProperties": {
            "image": "busybox:1.36",
            "command": [
              "echo",
              "Ref::what",
              "Ref::unknown"
            ],
            "volumes": [],
            "environment": [
              {
                "name": "COLOUR",
                "value": "red"
              }
            ],
            "mountPoints": [],
            "ulimits": [],
            "resourceRequirements": [
              {
                "value": "0.5",
                "type": "VCPU"
              },
              {
                "value": "64",
                "type": "MEMORY"
              }
            ],
            "secrets": []
          },
          "platformCapabilities": []
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&shown).expect("JSON"));
}

#[test]
fn references_mean_a_revision_or_the_newest_active_one() {
    let revision = |revision: u32, status: DefinitionStatus| {
        let definition = registered(&register_request()).expect("it is sound");
        Arc::new(JobDefinition {
            revision,
            status,
            ..definition
        })
    };
    let revisions = [
        revision(1, DefinitionStatus::Active),
        revision(2, DefinitionStatus::Active),
        revision(10, DefinitionStatus::Inactive),
    ];
    let check = |text: &str, expected: Expect| {
        let chosen = DefinitionReference::parse("jobDefinition", text)
            .and_then(|reference| reference.choose(&revisions).map(|found| found.reference()));
        expected.assert_eq(&chosen.unwrap_or_else(|error| error.to_string()));
    };
    check("resize", expect![["resize:2"]]);
    check("resize:1", expect![["resize:1"]]);
    check(
        "arn:aws:batch:us-east-1:123456789012:job-definition/resize:2",
        expect![["resize:2"]],
    );
    check(
        "arn:aws:batch:eu-west-1:000000000000:job-definition/resize",
        expect![["resize:2"]],
    );
    check(
        "resize:10",
        expect![["JobDefinition resize:10 is INACTIVE: it was deregistered"]],
    );
    check("resize:3", expect![["JobDefinition resize:3 not found"]]);
    check(
        "other",
        expect![["JobDefinition other not found, or no revision of it is ACTIVE"]],
    );
    check(
        "resize:",
        expect![[r#"jobDefinition must be name, name:revision or an ARN of these, not "resize:""#]],
    );
    check(
        "resize:0",
        expect![[
            r#"jobDefinition must be name, name:revision or an ARN of these, not "resize:0""#
        ]],
    );
    check(
        "re size",
        expect![[r#"jobDefinition must be name, name:revision or an ARN of these, not "re size""#]],
    );
}
