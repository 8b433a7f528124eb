//! Definitions, queues, environments, policies, consumable resources and tags.

use std::time::Duration;

use batch::job::JobStatus;
use expect_test::expect;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::world::{World, command};

fn request<T: DeserializeOwned>(members: Value) -> T {
    serde_json::from_value(members).unwrap()
}

#[tokio::test(start_paused = true)]
async fn revisions_are_counted_described_and_deregistered() {
    let mut world = World::new().await;
    for _ in 0..3 {
        world.define("r", json!({"tags": {"team": "data"}})).await;
    }
    let revision = request(json!({"jobDefinition": "r:3"}));
    world
        .batch
        .deregister_job_definition(revision)
        .await
        .unwrap();
    world.reopen().await;
    let described = |members: Value| {
        let batch = world.batch.clone();
        async move {
            let found = batch
                .describe_job_definitions(request(members))
                .await
                .unwrap();
            let names = found
                .job_definitions
                .iter()
                .map(|one| one.definition.reference());
            names.collect::<Vec<_>>().join(" ")
        }
    };
    assert_eq!(
        described(json!({"jobDefinitionName": "r"})).await,
        "r:3 r:2 r:1"
    );
    assert_eq!(
        described(json!({"jobDefinitionName": "r", "status": "ACTIVE"})).await,
        "r:2 r:1"
    );
    assert_eq!(
        described(json!({"jobDefinitions": ["r:1", "d:1"]})).await,
        "d:1 r:1"
    );
    let id = world.submit(json!({"jobDefinition": "r"})).await;
    assert!(world.job(&id).await.job_definition.ends_with("/r:2"));
    let error = world
        .try_submit(json!({"jobDefinition": "r:3"}))
        .await
        .unwrap_err();
    expect!["JobDefinition r:3 is INACTIVE: it was deregistered"].assert_eq(&error.to_string());
    let arn = "arn:aws:batch:eu-central-1:123456789012:job-definition/r:2";
    let tags = world
        .batch
        .list_tags_for_resource(request(json!({"resourceArn": arn})))
        .await
        .unwrap();
    assert_eq!(tags.tags["team"], "data");
}

#[tokio::test(start_paused = true)]
async fn a_queue_and_its_environment_come_and_go() {
    let mut world = World::new().await;
    let batch = world.batch.clone();
    let environment = json!({
        "computeEnvironmentName": "small", "type": "MANAGED", "state": "ENABLED",
        "computeResources": {"type": "EC2", "maxvCpus": 2, "subnets": [], "instanceTypes": ["optimal"]},
        "tags": {"ratchet:memory": "1024"},
    });
    batch
        .create_compute_environment(request(environment.clone()))
        .await
        .unwrap();
    let taken = batch
        .create_compute_environment(request(environment))
        .await
        .unwrap_err();
    expect!["Object already exists: ComputeEnvironment small"].assert_eq(&taken.to_string());
    let queue = json!({"jobQueueName": "q", "priority": 5, "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "small"}]});
    batch.create_job_queue(request(queue)).await.unwrap();
    world.reopen().await;
    let batch = world.batch.clone();
    let mut members = command("hang");
    members["jobQueue"] = "q".into();
    let running = world.submit(members.clone()).await;
    world.reach(&running, JobStatus::Running).await;
    members["containerOverrides"]["resourceRequirements"] = json!([{"type": "VCPU", "value": "2"}]);
    let waiting = world.submit(members).await;
    let front = batch
        .get_job_queue_snapshot(request(json!({"jobQueue": "q"})))
        .await
        .unwrap();
    assert!(front.front_of_queue.jobs[0].job_arn.ends_with(&waiting));
    let delete = |members: Value| batch.delete_compute_environment(request(members));
    let name = json!({"computeEnvironment": "small"});
    let refused = delete(name.clone()).await.unwrap_err();
    expect!["cannot delete ComputeEnvironment small: it is ENABLED, disable it first"]
        .assert_eq(&refused.to_string());
    let disable = json!({"computeEnvironment": "small", "state": "DISABLED"});
    batch
        .update_compute_environment(request(disable))
        .await
        .unwrap();
    let refused = delete(name.clone()).await.unwrap_err();
    expect!["cannot delete ComputeEnvironment small: JobQueue q uses it"]
        .assert_eq(&refused.to_string());
    let queue = json!({"jobQueue": "q"});
    assert!(
        batch
            .delete_job_queue(request(queue.clone()))
            .await
            .is_err()
    );
    batch
        .update_job_queue(request(json!({"jobQueue": "q", "state": "DISABLED"})))
        .await
        .unwrap();
    batch.delete_job_queue(request(queue)).await.unwrap();
    for id in [running, waiting] {
        assert_eq!(world.end(&id).await.status, JobStatus::Failed);
    }
    world.is_clean().await;
    delete(name).await.unwrap();
    let all = batch
        .describe_compute_environments(request(json!({})))
        .await
        .unwrap();
    assert_eq!(all.compute_environments.len(), 1);
    world.reopen().await;
    let all = world
        .batch
        .describe_job_queues(request(json!({})))
        .await
        .unwrap();
    assert_eq!(all.job_queues[0].job_queue_name, "default");
}

#[tokio::test(start_paused = true)]
async fn what_is_used_up_stays_used_up() {
    let mut world = World::new().await;
    let create = json!({"consumableResourceName": "licence", "totalQuantity": 3, "resourceType": "NON_REPLENISHABLE"});
    world
        .batch
        .create_consumable_resource(request(create))
        .await
        .unwrap();
    let need = json!({"consumableResourceProperties": {"consumableResourceList": [{"consumableResource": "licence", "quantity": 2}]}});
    world.define("c", need).await;
    let id = world.submit(json!({"jobDefinition": "c"})).await;
    world.end(&id).await;
    let second = world.submit(json!({"jobDefinition": "c"})).await;
    world.crash().await;
    let one = json!({"consumableResource": "licence"});
    let left = world
        .batch
        .describe_consumable_resource(request(one.clone()))
        .await
        .unwrap();
    assert_eq!((left.total_quantity, left.available_quantity), (1, 1));
    let jobs = world
        .batch
        .list_jobs_by_consumable_resource(request(one.clone()))
        .await
        .unwrap();
    assert_eq!((jobs.jobs.len(), jobs.jobs[0].quantity), (1, 2));
    assert!(
        world
            .batch
            .delete_consumable_resource(request(one))
            .await
            .is_err()
    );
    let add = json!({"consumableResource": "licence", "operation": "ADD", "quantity": 1, "clientToken": "t"});
    for _ in 0..2 {
        let updated = world
            .batch
            .update_consumable_resource(request(add.clone()))
            .await;
        assert!(updated.unwrap().total_quantity.is_some());
    }
    assert_eq!(world.end(&second).await.status, JobStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn policies_make_queues_fair() {
    let world = World::new().await;
    let policy = json!({"name": "fair", "fairsharePolicy": {"shareDistribution": [{"shareIdentifier": "a", "weightFactor": 0.5}]}});
    let policy = world
        .batch
        .create_scheduling_policy(request(policy))
        .await
        .unwrap();
    let queue = json!({"jobQueueName": "f", "priority": 1, "schedulingPolicyArn": policy.arn,
        "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "default"}]});
    world.batch.create_job_queue(request(queue)).await.unwrap();
    let id = world
        .submit(json!({"jobQueue": "f", "shareIdentifier": "a"}))
        .await;
    assert_eq!(world.end(&id).await.share_identifier.as_deref(), Some("a"));
    assert!(world.try_submit(json!({"jobQueue": "f"})).await.is_err());
    let refused = world
        .batch
        .delete_scheduling_policy(request(json!({"arn": policy.arn})))
        .await
        .unwrap_err();
    expect!["cannot delete SchedulingPolicy fair: JobQueue f uses it"]
        .assert_eq(&refused.to_string());
    let listed = world
        .batch
        .list_scheduling_policies(request(json!({})))
        .await
        .unwrap();
    assert_eq!(listed.scheduling_policies[0].arn, policy.arn);
}

#[tokio::test(start_paused = true)]
async fn what_a_share_used_counts_after_a_restart() {
    let mut world = World::with(|options| {
        options.default_environment.limits.vcpus_milli = 1000;
    })
    .await;
    let policy = json!({"name": "fair", "fairsharePolicy": {"shareDecaySeconds": 600}});
    let policy = world.batch.create_scheduling_policy(request(policy)).await;
    let queue = json!({"jobQueueName": "f", "priority": 1, "schedulingPolicyArn": policy.unwrap().arn,
        "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "default"}]});
    world.batch.create_job_queue(request(queue)).await.unwrap();
    let job = |share: &str, seconds: u32| {
        let mut job = command(&format!("sleep {seconds}"));
        job["jobQueue"] = "f".into();
        job["shareIdentifier"] = share.into();
        job
    };
    // A job alone, and an array that has ended, too.
    let alone = world.submit(job("greedy", 60)).await;
    let mut array = job("greedy", 60);
    array["arrayProperties"] = json!({"size": 2});
    let array = world.submit(array).await;
    for id in [&alone, &array] {
        assert_eq!(world.end(id).await.status, JobStatus::Succeeded);
    }
    world.reopen().await;
    let waited_for = world.submit(job("other", 1)).await;
    let late = world.submit(job("greedy", 1)).await;
    let early = world.submit(job("modest", 1)).await;
    let mut started = Vec::new();
    for id in [&waited_for, &early, &late] {
        started.push(world.end(id).await.started_at);
    }
    assert!(started.is_sorted(), "{started:?}");
}

#[tokio::test(start_paused = true)]
async fn tags_of_jobs_are_changed() {
    let world = World::new().await;
    let id = world.submit(json!({"tags": {"a": "1", "b": "2"}})).await;
    let arn = world.end(&id).await.job_arn;
    let add = json!({"resourceArn": arn, "tags": {"c": "3"}});
    world.batch.tag_resource(request(add)).await.unwrap();
    let remove = json!({"resourceArn": arn, "tagKeys": ["a"]});
    world.batch.untag_resource(request(remove)).await.unwrap();
    let tags: Vec<String> = world.job(&id).await.tags.into_keys().collect();
    assert_eq!(tags, ["b", "c"]);
    let unknown = json!({"resourceArn": "arn:aws:batch:eu-central-1:123456789012:job/nothing"});
    assert!(
        world
            .batch
            .list_tags_for_resource(request(unknown))
            .await
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn jobs_and_logs_go_away_after_a_week() {
    let world = World::new().await;
    let mut members = command("exit 0");
    members["arrayProperties"] = json!({"size": 2});
    let id = world.submit(members).await;
    world.end(&id).await;
    let running = world.submit(command("hang")).await;
    world.reach(&running, JobStatus::Running).await;
    let stream = world
        .job(&format!("{id}:1"))
        .await
        .container
        .unwrap()
        .outcome
        .log_stream_name
        .unwrap();
    let logs = world.batch.logs();
    logs.writer(&stream).unwrap().append_now(b"hello").unwrap();
    tokio::time::sleep(Duration::from_secs(6 * 24 * 3600)).await;
    assert_eq!(world.job(&id).await.job_id, id);
    tokio::time::sleep(Duration::from_secs(2 * 24 * 3600)).await;
    let found = world
        .batch
        .describe_jobs(request(json!({"jobs": [id, format!("{id}:0"), running]})))
        .await
        .unwrap();
    let left: Vec<&str> = found.jobs.iter().map(|job| job.job_id.as_str()).collect();
    assert_eq!(left, [running.as_str()]);
    assert!(logs.summary(&stream).unwrap().is_none());
}
