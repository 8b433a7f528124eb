//! Queues, environments, policies and consumable resources: what is refused, what updates change, what is shown.

use batch::consumable::ConsumableResource;
use batch::container::Resources;
use batch::environment::{ComputeEnvironment, Engine};
use batch::queue::{JobQueue, SchedulingPolicy};
use batch::view::{
    ComputeEnvironmentDetail, ConsumableResourceDetail, JobQueueDetail, SchedulingPolicyDetail,
};
use expect_test::{Expect, expect};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{patched, site};

/// A request of the right shape.
fn request<T: serde::de::DeserializeOwned>(base: Value, patch: &Value) -> T {
    serde_json::from_value(patched(&base, patch)).expect("the request is of the right shape")
}

/// What was made, or what is wrong.
fn told(outcome: batch::Result<impl Serialize>) -> String {
    match outcome {
        Ok(made) => serde_json::to_string(&made).expect("a document is JSON"),
        Err(error) => error.to_string(),
    }
}

fn new_queue(patch: &Value) -> batch::Result<JobQueue> {
    let order = json!([{ "order": 2, "computeEnvironment": "slow" }, { "order": 1, "computeEnvironment": "fast" }]);
    let base = json!({ "jobQueueName": "high", "priority": 1, "computeEnvironmentOrder": order });
    JobQueue::create(
        &request(base, patch),
        |name| ["fast", "slow", "spare", "rest"].contains(&name),
        |name| name == "fair",
    )
}

fn check_queue(patch: Value, expected: Expect) {
    let made =
        new_queue(&patch).map(|queue| JobQueueDetail::of(&queue, Default::default(), &site()));
    expected.assert_eq(&told(made));
}

#[test]
fn a_queue_has_environments_that_there_are() {
    check_queue(
        json!({}),
        expect![[
            r#"{"jobQueueName":"high","jobQueueArn":"arn:aws:batch:us-east-1:123456789012:job-queue/high","state":"ENABLED","status":"VALID","statusReason":"JobQueue Healthy","priority":1,"computeEnvironmentOrder":[{"order":1,"computeEnvironment":"arn:aws:batch:us-east-1:123456789012:compute-environment/fast"},{"order":2,"computeEnvironment":"arn:aws:batch:us-east-1:123456789012:compute-environment/slow"}],"serviceEnvironmentOrder":[],"tags":{},"jobStateTimeLimitActions":[]}"#
        ]],
    );
    check_queue(
        json!({ "jobQueueName": "a b" }),
        expect![[
            r#"jobQueueName must be 1 to 128 letters, digits, hyphens and underscores, not "a b""#
        ]],
    );
    check_queue(
        json!({ "priority": -1 }),
        expect![["priority must be at least 0, not -1"]],
    );
    check_queue(
        json!({ "computeEnvironmentOrder": null }),
        expect![["computeEnvironmentOrder must be given"]],
    );
    check_queue(
        json!({ "computeEnvironmentOrder": [] }),
        expect![["computeEnvironmentOrder must have 1 to 3 environments, not 0"]],
    );
    let order = |names: &[&str]| {
        let one =
            |(order, name): (usize, &&str)| json!({ "order": order, "computeEnvironment": name });
        json!({ "computeEnvironmentOrder": names.iter().enumerate().map(one).collect::<Vec<_>>() })
    };
    check_queue(
        order(&["none"]),
        expect![[r#"computeEnvironmentOrder: ComputeEnvironment "none" not found"#]],
    );
    check_queue(
        order(&["fast", "fast"]),
        expect![[
            r#"computeEnvironmentOrder: order 1 of ComputeEnvironment "fast" or the environment is there twice"#
        ]],
    );
    check_queue(
        order(&["fast", "slow", "spare", "rest"]),
        expect![["computeEnvironmentOrder must have 1 to 3 environments, not 4"]],
    );
    check_queue(
        json!({ "serviceEnvironmentOrder": [{}] }),
        expect![["serviceEnvironmentOrder is not supported: there are no service environments"]],
    );
    check_queue(
        json!({ "jobQueueType": "EKS" }),
        expect![["jobQueueType EKS is not supported: jobs run in containers of this machine"]],
    );
    let policy = |name: &str| json!({ "schedulingPolicyArn": site().policy(name) });
    check_queue(
        policy("fair"),
        expect![[
            r#"{"jobQueueName":"high","jobQueueArn":"arn:aws:batch:us-east-1:123456789012:job-queue/high","state":"ENABLED","schedulingPolicyArn":"arn:aws:batch:us-east-1:123456789012:scheduling-policy/fair","status":"VALID","statusReason":"JobQueue Healthy","priority":1,"computeEnvironmentOrder":[{"order":1,"computeEnvironment":"arn:aws:batch:us-east-1:123456789012:compute-environment/fast"},{"order":2,"computeEnvironment":"arn:aws:batch:us-east-1:123456789012:compute-environment/slow"}],"serviceEnvironmentOrder":[],"tags":{},"jobStateTimeLimitActions":[]}"#
        ]],
    );
    check_queue(
        policy("foul"),
        expect![[
            r#"schedulingPolicyArn: SchedulingPolicy "arn:aws:batch:us-east-1:123456789012:scheduling-policy/foul" not found"#
        ]],
    );
}

#[test]
fn actions_at_the_head_have_bounds() {
    let action = |patch: Value| {
        let base = json!({ "reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", "state": "RUNNABLE",
            "maxTimeSeconds": 600, "action": "CANCEL" });
        json!({ "jobStateTimeLimitActions": [patched(&base, &patch)] })
    };
    assert!(new_queue(&action(json!({}))).is_ok());
    check_queue(
        action(json!({ "maxTimeSeconds": 599 })),
        expect![[
            "jobStateTimeLimitActions[0].maxTimeSeconds must be between 600 and 86400, not 599"
        ]],
    );
    check_queue(
        action(json!({ "maxTimeSeconds": 86_401 })),
        expect![[
            "jobStateTimeLimitActions[0].maxTimeSeconds must be between 600 and 86400, not 86401"
        ]],
    );
    check_queue(
        action(json!({ "state": "RUNNING" })),
        expect![[r#"jobStateTimeLimitActions[0].state must be RUNNABLE, not "RUNNING""#]],
    );
    check_queue(
        action(json!({ "action": "PAUSE" })),
        expect![[r#"jobStateTimeLimitActions[0].action must be CANCEL or TERMINATE, not "PAUSE""#]],
    );
    check_queue(
        action(json!({ "reason": "" })),
        expect![["jobStateTimeLimitActions[0].reason must be given"]],
    );
}

#[test]
fn a_queue_stays_fair_or_not() {
    let fair = new_queue(&json!({ "schedulingPolicyArn": "fair" })).expect("it is sound");
    let plain = new_queue(&json!({})).expect("it is sound");
    let check = |queue: &JobQueue, patch: Value, expected: Expect| {
        let updated = queue.updated(
            &request(json!({ "jobQueue": "high" }), &patch),
            |name| name == "fast",
            |_| true,
        );
        expected.assert_eq(&told(updated));
    };
    check(
        &plain,
        json!({ "state": "DISABLED", "priority": 9 }),
        expect![[
            r#"{"jobQueueName":"high","state":"DISABLED","priority":9,"environments":[{"order":1,"environment":"fast"},{"order":2,"environment":"slow"}],"jobStateTimeLimitActions":[]}"#
        ]],
    );
    let fast = json!([{ "order": 5, "computeEnvironment": site().environment("fast") }]);
    check(
        &plain,
        json!({ "computeEnvironmentOrder": fast }),
        expect![[
            r#"{"jobQueueName":"high","state":"ENABLED","priority":1,"environments":[{"order":5,"environment":"fast"}],"jobStateTimeLimitActions":[]}"#
        ]],
    );
    check(
        &plain,
        json!({ "schedulingPolicyArn": "fair" }),
        expect![[
            "schedulingPolicyArn must not be given: JobQueue high was made without a scheduling policy"
        ]],
    );
    check(
        &fair,
        json!({ "schedulingPolicyArn": "fairer" }),
        expect![[
            r#"{"jobQueueName":"high","state":"ENABLED","schedulingPolicy":"fairer","priority":1,"environments":[{"order":1,"environment":"fast"},{"order":2,"environment":"slow"}],"jobStateTimeLimitActions":[]}"#
        ]],
    );
    check(
        &fair,
        json!({ "schedulingPolicyArn": "" }),
        expect![["schedulingPolicyArn of JobQueue high can be replaced, not removed"]],
    );
}

/// What the machine of these tests has.
const MACHINE: Resources = Resources {
    vcpus_milli: 4000,
    memory_mib: 8192,
    gpus: 0,
};

fn new_environment(patch: &Value) -> batch::Result<ComputeEnvironment> {
    let base = json!({
        "computeEnvironmentName": "fast", "type": "MANAGED",
        "computeResources": { "type": "EC2", "maxvCpus": 16, "subnets": ["subnet-1"] },
    });
    ComputeEnvironment::create(
        &request(base, patch),
        "uuid".to_owned(),
        Engine::Docker,
        MACHINE,
    )
}

fn check_environment(patch: Value, expected: Expect) {
    let made = new_environment(&patch);
    expected.assert_eq(&told(made.map(|made| {
        ComputeEnvironmentDetail::of(&made, Default::default(), None, &site())
    })));
}

#[test]
fn an_environment_has_limits() {
    check_environment(
        json!({}),
        expect![[
            r#"{"computeEnvironmentName":"fast","computeEnvironmentArn":"arn:aws:batch:us-east-1:123456789012:compute-environment/fast","tags":{},"type":"MANAGED","state":"ENABLED","status":"VALID","statusReason":"ComputeEnvironment Healthy","computeResources":{"type":"EC2","maxvCpus":16,"subnets":["subnet-1"]},"containerOrchestrationType":"ECS","uuid":"uuid","ratchet:engine":"docker","ratchet:limits":{"vcpusMilli":16000,"memoryMib":8192,"gpus":0}}"#
        ]],
    );
    check_environment(
        json!({ "tags": { "ratchet:engine": "process", "ratchet:memory": "1024" } }),
        expect![[
            r#"{"computeEnvironmentName":"fast","computeEnvironmentArn":"arn:aws:batch:us-east-1:123456789012:compute-environment/fast","tags":{},"type":"MANAGED","state":"ENABLED","status":"VALID","statusReason":"ComputeEnvironment Healthy","computeResources":{"type":"EC2","maxvCpus":16,"subnets":["subnet-1"]},"containerOrchestrationType":"ECS","uuid":"uuid","ratchet:engine":"process","ratchet:limits":{"vcpusMilli":16000,"memoryMib":1024,"gpus":0}}"#
        ]],
    );
    check_environment(
        json!({ "type": "UNMANAGED", "computeResources": null }),
        expect![[
            r#"{"computeEnvironmentName":"fast","computeEnvironmentArn":"arn:aws:batch:us-east-1:123456789012:compute-environment/fast","tags":{},"type":"UNMANAGED","state":"ENABLED","status":"VALID","statusReason":"ComputeEnvironment Healthy","containerOrchestrationType":"ECS","uuid":"uuid","ratchet:engine":"docker","ratchet:limits":{"vcpusMilli":4000,"memoryMib":8192,"gpus":0}}"#
        ]],
    );
    check_environment(
        json!({ "type": "BORROWED" }),
        expect![[r#"type must be MANAGED or UNMANAGED, not "BORROWED""#]],
    );
    check_environment(
        json!({ "computeResources": null }),
        expect![["computeResources must be given for type MANAGED"]],
    );
    check_environment(
        json!({ "computeResources": { "maxvCpus": null } }),
        expect![["computeResources.maxvCpus must be given and at least 1"]],
    );
    check_environment(
        json!({ "computeResources": { "maxvCpus": "many" } }),
        expect![[r#"computeResources.maxvCpus must be a whole number, not "many""#]],
    );
    check_environment(
        json!({ "computeResources": { "minvCpus": 17 } }),
        expect![["computeResources.maxvCpus 16 must not be below minvCpus 17"]],
    );
    check_environment(
        json!({ "computeResources": { "type": "TOASTER" } }),
        expect![[
            r#"computeResources.type must be one of EC2, SPOT, FARGATE, FARGATE_SPOT, ECS_MANAGED_INSTANCES, not "TOASTER""#
        ]],
    );
    check_environment(
        json!({ "tags": { "ratchet:engine": "steam" } }),
        expect![[r#"tag ratchet:engine must be docker or process, not "steam""#]],
    );
    check_environment(
        json!({ "tags": { "ratchet:memory": "much" } }),
        expect![[r#"tag ratchet:memory must be a whole number, not "much""#]],
    );
    check_environment(
        json!({ "eksConfiguration": {} }),
        expect![["eksConfiguration is not supported: jobs run in containers of this machine"]],
    );
    check_environment(
        json!({ "computeEnvironmentName": "" }),
        expect![[
            r#"computeEnvironmentName must be 1 to 128 letters, digits, hyphens and underscores, not """#
        ]],
    );
}

#[test]
fn an_environments_trouble_is_shown() {
    let environment = new_environment(&json!({})).expect("it is sound");
    let detail = ComputeEnvironmentDetail::of(
        &environment,
        Default::default(),
        Some("docker does not answer"),
        &site(),
    );
    assert_eq!(
        (&*detail.status, detail.status_reason.as_deref()),
        ("INVALID", Some("docker does not answer"))
    );
}

#[test]
fn an_update_changes_what_it_names() {
    let environment = new_environment(&json!({})).expect("it is sound");
    let check = |patch: Value, expected: Expect| {
        expected.assert_eq(&told(
            environment.updated(&request(json!({ "computeEnvironment": "fast" }), &patch)),
        ));
    };
    check(
        json!({}),
        expect![[
            r#"{"computeEnvironmentName":"fast","uuid":"uuid","state":"ENABLED","engine":"docker","limits":{"vcpusMilli":16000,"memoryMib":8192,"gpus":0},"type":"MANAGED","computeResources":{"type":"EC2","maxvCpus":16,"subnets":["subnet-1"]}}"#
        ]],
    );
    check(
        json!({ "state": "DISABLED", "computeResources": { "maxvCpus": 2 }, "context": "x" }),
        expect![[
            r#"{"computeEnvironmentName":"fast","uuid":"uuid","state":"DISABLED","engine":"docker","limits":{"vcpusMilli":2000,"memoryMib":8192,"gpus":0},"type":"MANAGED","computeResources":{"type":"EC2","maxvCpus":2,"subnets":["subnet-1"]},"context":"x"}"#
        ]],
    );
    check(
        json!({ "computeResources": { "maxvCpus": -1 } }),
        expect![["computeResources.maxvCpus must be a whole number, not -1"]],
    );
}

#[test]
fn shares_have_weights_within_bounds() {
    let check = |policy: Value, expected: Expect| {
        let made = SchedulingPolicy::create(&request(json!({ "name": "fair" }), &policy));
        let shown = made.map(|made| SchedulingPolicyDetail::of(&made, Default::default(), &site()));
        expected.assert_eq(&told(shown));
    };
    let shares = |list: Value| json!({ "fairsharePolicy": { "shareDistribution": list } });
    check(
        json!({}),
        expect![[
            r#"{"name":"fair","arn":"arn:aws:batch:us-east-1:123456789012:scheduling-policy/fair","tags":{}}"#
        ]],
    );
    check(
        json!({ "fairsharePolicy": { "shareDecaySeconds": 3600, "computeReservation": 50 } }),
        expect![[
            r#"{"name":"fair","arn":"arn:aws:batch:us-east-1:123456789012:scheduling-policy/fair","fairsharePolicy":{"shareDecaySeconds":3600,"computeReservation":50,"shareDistribution":[]},"tags":{}}"#
        ]],
    );
    check(
        json!({ "fairsharePolicy": { "shareDecaySeconds": 604_801 } }),
        expect![["fairsharePolicy.shareDecaySeconds must be between 0 and 604800, not 604801"]],
    );
    check(
        json!({ "fairsharePolicy": { "computeReservation": 100 } }),
        expect![["fairsharePolicy.computeReservation must be between 0 and 99, not 100"]],
    );
    check(
        shares(
            json!([{ "shareIdentifier": "a*", "weightFactor": 0.5 }, { "shareIdentifier": "b" }]),
        ),
        expect![[
            r#"{"name":"fair","arn":"arn:aws:batch:us-east-1:123456789012:scheduling-policy/fair","fairsharePolicy":{"shareDistribution":[{"shareIdentifier":"a*","weightFactor":0.5},{"shareIdentifier":"b"}]},"tags":{}}"#
        ]],
    );
    check(
        shares(json!([{ "shareIdentifier": "a*" }, { "shareIdentifier": "ab" }])),
        expect![[r#"fairsharePolicy.shareDistribution[1].shareIdentifier "ab" overlaps "a*""#]],
    );
    check(
        shares(json!([{ "shareIdentifier": "a b" }])),
        expect![[
            r#"fairsharePolicy.shareDistribution[0].shareIdentifier must be 1 to 255 letters and digits, not "a b""#
        ]],
    );
    check(
        shares(json!([{ "shareIdentifier": "a", "weightFactor": 1000.0 }])),
        expect![[
            "fairsharePolicy.shareDistribution[0].weightFactor must be between 0.0001 and 999.9999, not 1000"
        ]],
    );
    check(
        json!({ "quotaSharePolicy": {} }),
        expect![["quotaSharePolicy is not supported: use fairsharePolicy"]],
    );
}

#[test]
fn a_store_is_set_filled_and_emptied() {
    let create = |patch: Value| {
        ConsumableResource::create(
            &request(
                json!({ "consumableResourceName": "licence", "totalQuantity": 5 }),
                &patch,
            ),
            77,
        )
    };
    let store = create(json!({})).expect("it is sound");
    expect![[r#"{"consumableResourceName":"licence","consumableResourceArn":"arn:aws:batch:us-east-1:123456789012:consumable-resource/licence","totalQuantity":5,"inUseQuantity":2,"availableQuantity":3,"resourceType":"REPLENISHABLE","createdAt":77,"tags":{}}"#]].assert_eq(&told(Ok(ConsumableResourceDetail::of(
        &store,
        2,
        Default::default(),
        &site(),
    ))));
    expect![["totalQuantity must be at least 0, not -1"]]
        .assert_eq(&told(create(json!({ "totalQuantity": -1 }))));
    let update = |store: &ConsumableResource, patch: Value| {
        store.updated(&request(
            json!({ "consumableResource": "licence", "quantity": 3 }),
            &patch,
        ))
    };
    let total = |patch: Value| update(&store, patch).expect("it is sound").total_quantity;
    assert_eq!(total(json!({})), 3);
    assert_eq!(total(json!({ "operation": "ADD" })), 8);
    assert_eq!(total(json!({ "operation": "REMOVE" })), 2);
    let wrong = |patch: Value, expected: Expect| expected.assert_eq(&told(update(&store, patch)));
    wrong(
        json!({ "operation": "REMOVE", "quantity": 6 }),
        expect![["quantity 6 does not fit the 5 that licence has"]],
    );
    wrong(
        json!({ "operation": "EAT" }),
        expect![[r#"operation must be SET, ADD or REMOVE, not "EAT""#]],
    );
    wrong(
        json!({ "quantity": null }),
        expect![["quantity must be given"]],
    );
    let add = json!({ "operation": "ADD", "clientToken": "once" });
    let once = update(&store, add.clone()).expect("it is sound");
    let twice = update(&once, add).expect("it is sound");
    assert_eq!((once.total_quantity, twice.total_quantity), (8, 8));
}
