//! ListJobs, with its filters and pages.

use batch::request::ListJobs;
use batch_runtime::Batch;
use serde_json::{Value, json};

use crate::world::{World, command};

/// The names of the jobs in the list, or of children their indexes.
async fn names(batch: &Batch, request: Value) -> String {
    let mut request: ListJobs = serde_json::from_value(request).unwrap();
    let mut pages = Vec::new();
    loop {
        let list = match batch.list_jobs(request.clone()).await {
            Ok(list) => list,
            Err(error) => return error.to_string(),
        };
        let names = list.job_summary_list.iter().map(|job| {
            let array = job.array_properties.as_ref();
            let index = array.and_then(|array| array.index);
            index.map_or(job.job_name.clone(), |index| index.to_string())
        });
        pages.push(names.collect::<Vec<_>>().join(" "));
        request.next_token = list.next_token;
        if request.next_token.is_none() {
            return pages.join(" | ");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_are_listed() {
    let world = World::new().await;
    world.define("e", json!({})).await;
    let named = |name: &str, mut members: Value| {
        members["jobName"] = name.into();
        members
    };
    let mut array = named("sweep", command("exit 0"));
    array["arrayProperties"] = json!({"size": 3});
    let array = world.submit(array).await;
    world.end(&array).await;
    let of_e = json!({"jobDefinition": "e"});
    for (name, members) in [
        ("good", command("exit 0")),
        ("bad", command("exit 1")),
        ("Good-2", of_e),
    ] {
        let id = world.submit(named(name, members)).await;
        world.end(&id).await;
    }
    let running = world.submit(named("long", command("hang"))).await;
    world.reach(&running, batch::job::JobStatus::Running).await;
    let filter = |name: &str, value: &str| json!({"jobQueue": "default", "filters": [{"name": name, "values": [value]}]});
    let later = crate::world::BEGAN + 10_000_000;
    for (request, expected) in [
        (json!({"jobQueue": "default"}), "long"),
        (
            json!({"jobQueue": "arn:aws:batch:us-east-1:1:job-queue/default", "jobStatus": "SUCCEEDED"}),
            "Good-2 good sweep",
        ),
        (
            json!({"jobQueue": "default", "jobStatus": "SUCCEEDED", "maxResults": 2}),
            "Good-2 good | sweep",
        ),
        (json!({"jobQueue": "default", "jobStatus": "FAILED"}), "bad"),
        (
            json!({"arrayJobId": array, "jobStatus": "SUCCEEDED"}),
            "2 1 0",
        ),
        (json!({"arrayJobId": array}), ""),
        (filter("JOB_NAME", "good"), "good"),
        (filter("JOB_NAME", "GOOD*"), "Good-2 good"),
        (filter("JOB_DEFINITION", "e"), "Good-2"),
        (filter("JOB_DEFINITION", "d:1"), "long bad good sweep"),
        (
            filter("BEFORE_CREATED_AT", &later.to_string()),
            "long Good-2 bad good sweep",
        ),
        (filter("AFTER_CREATED_AT", &later.to_string()), ""),
        (
            filter("COLOUR", "red"),
            "filter \"COLOUR\" must be JOB_NAME, JOB_DEFINITION, BEFORE_CREATED_AT, AFTER_CREATED_AT or SHARE_IDENTIFIER",
        ),
        (
            json!({}),
            "exactly one of jobQueue, arrayJobId and multiNodeJobId must be given",
        ),
        (json!({"jobQueue": "nothing"}), "JobQueue nothing not found"),
        (
            json!({"jobQueue": "default", "nextToken": "x"}),
            "nextToken is none that was given out",
        ),
    ] {
        assert_eq!(
            names(&world.batch, request.clone()).await,
            expected,
            "{request}"
        );
    }
}
