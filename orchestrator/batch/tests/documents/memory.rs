//! A hundred thousand jobs wait in memory: what one costs, counted.

use std::mem::size_of;

use batch::job::{Job, JobSpec, Part};
use batch::record::{Decoder, encode};
use serde_json::json;

use crate::{one_job, queue, register_request, submitted};

/// What an allocation costs besides its bytes.
const ALLOCATION: usize = 16;
/// What a shared allocation counts besides.
const COUNTS: usize = 16;

/// The bytes of a job, those of its spec included, those of a shared container not.
fn bytes(job: &Job) -> usize {
    let shared = |text: &str| text.len() + COUNTS + ALLOCATION;
    let spec = &*job.spec;
    let map = |map: &batch::definition::Map| -> usize {
        map.iter()
            .map(|(key, value)| 2 * (size_of::<String>() + ALLOCATION) + key.len() + value.len())
            .sum()
    };
    let spec_bytes = size_of::<JobSpec>()
        + COUNTS
        + ALLOCATION
        + shared(&spec.definition)
        + spec.parts.len() * size_of::<Part>()
        + ALLOCATION
        + map(&spec.parameters)
        + map(&spec.tags);
    // The scheduler keeps each job in an Arc of its own.
    size_of::<Job>()
        + COUNTS
        + ALLOCATION
        + shared(job.id.as_str())
        + shared(&job.name)
        + spec_bytes
}

/// What a container of these tests holds, by the length of its JSON, generously.
fn container_bytes(job: &Job) -> usize {
    let text = serde_json::to_string(job.container()).expect("a container is JSON");
    size_of::<batch::container::ContainerProperties>() + COUNTS + ALLOCATION + 2 * text.len()
}

#[test]
fn a_job_that_waits_takes_less_than_a_kibibyte() {
    let typical = json!({ "parameters": { "what": "hello" }, "tags": { "team": "images" } });
    let job = one_job(&typical);
    // The rest of the 2 KiB is the scheduler's.
    println!("a typical job takes {} bytes", bytes(&job));
    assert!(bytes(&job) < 1024, "{} bytes", bytes(&job));
    let read = Decoder::new()
        .decode(&encode(&job))
        .expect("it can be read");
    assert!(bytes(&read) < 1024, "{} bytes", bytes(&read));
}

#[test]
fn a_job_with_overrides_has_a_container_of_its_own() {
    let overrides = json!({ "containerOverrides": { "environment": [{ "name": "INPUT", "value": "s3://bucket/key" }] } });
    let job = one_job(&overrides);
    let whole = bytes(&job) + container_bytes(&job);
    println!("a job with overrides takes {whole} bytes");
    assert!(whole < 2048, "{whole} bytes");
}

#[test]
fn a_child_is_its_own_row_and_no_more() {
    let request = json!({ "arrayProperties": { "size": 2 } });
    let jobs = submitted(&register_request(), &request, &queue(None)).expect("it is sound");
    assert!(std::sync::Arc::ptr_eq(&jobs[0].name, &jobs[1].name));
    assert!(size_of::<Job>() <= 256, "{} bytes", size_of::<Job>());
}
