//! Records: what is written is read again, whatever the job; what is malformed is told.

use std::sync::Arc;

use batch::job::{Job, JobStatus, StatusSummary};
use batch::record::{Decoder, decode, encode};
use expect_test::expect;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{ARRAY, SINGLE, nodes_request, one_job, patched, queue, register_request, submitted};

/// What jobs are submitted with: parameters, overrides, dependencies, an array or not.
fn request() -> impl Strategy<Value = Value> {
    let text = "[ -~é\u{0}\"\\\\]{0,8}";
    let map = || proptest::collection::btree_map("[a-z]{1,3}", text, 0..3);
    let size = prop_oneof![Just(None), (2..6_i32).prop_map(Some)];
    let overrides =
        proptest::option::of((proptest::collection::vec("[ -~é]{0,8}", 0..4), 4..9999_i32));
    (map(), map(), size, overrides, proptest::option::of(1..10_i32), proptest::bool::ANY).prop_map(
        |(parameters, tags, size, overrides, attempts, waits)| {
            let overrides = overrides.map(|(command, memory)| {
                json!({ "command": command, "resourceRequirements": [{ "type": "MEMORY", "value": memory.to_string() }] })
            });
            json!({
                "parameters": parameters,
                "tags": tags,
                "arrayProperties": size.map(|size| json!({ "size": size })),
                "containerOverrides": overrides,
                "retryStrategy": attempts.map(|attempts| json!({ "attempts": attempts })),
                "dependsOn": if waits { json!([{ "jobId": SINGLE }]) } else { json!([]) },
            })
        },
    )
}

/// What may have become of a job.
#[derive(Clone, Debug)]
struct Life {
    status: u8,
    reason: Option<String>,
    attempts: u32,
    is_cancelled: bool,
    is_terminated: bool,
    is_counted: bool,
    code: Option<i32>,
}

fn life() -> impl Strategy<Value = Life> {
    let reason = proptest::option::of("[ -~é]{0,20}");
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (
        0..7_u8,
        reason,
        0..3_u32,
        flags,
        proptest::option::of(any::<i32>()),
    )
        .prop_map(
            |(status, reason, attempts, (is_cancelled, is_terminated, is_counted), code)| Life {
                status,
                reason,
                attempts,
                is_cancelled,
                is_terminated,
                is_counted,
                code,
            },
        )
}

/// Lets a job live.
fn live(job: &mut Job, life: &Life) {
    job.status = JobStatus::from_number(life.status).expect("there are seven");
    job.status_reason = life.reason.as_deref().map(Arc::from);
    job.is_cancelled = life.is_cancelled;
    job.is_terminated = life.is_terminated;
    for number in 1..=life.attempts {
        crate::try_and_end(job, number, life.code, life.reason.as_deref());
    }
    if life.is_counted && !job.runs() {
        job.summary = Some(Box::new(StatusSummary {
            counts: [1, 0, 2, 0, 0, 0, 3],
            updated_at: 9,
        }));
        job.stopped_at = Some(8);
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(request in request(), is_multinode in any::<bool>(), life in life()) {
        let (definition, request) = if is_multinode {
            (nodes_request(), patched(&request, &json!({ "arrayProperties": null, "containerOverrides": null })))
        } else {
            (register_request(), patched(&json!({}), &request))
        };
        let mut jobs = submitted(&definition, &request, &queue(None)).expect("the submission is sound");
        for job in &mut jobs {
            live(job, &life);
        }
        let mut decoder = Decoder::new();
        let parent = jobs[0].clone();
        for job in &jobs {
            let text = encode(job);
            prop_assert_eq!(&decode(&text, Some(&parent)).expect("it can be read"), job);
            prop_assert_eq!(&decoder.decode(&text).expect("it can be read"), job);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}", cut in 0..400_usize) {
        let _ = decode(&text, None);
        let whole = encode(&one_job(&json!({})));
        let cut = whole.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(0);
        let _ = decode(&whole[..cut], None);
    }
}

#[test]
fn a_childs_row_is_small() {
    let request = json!({ "arrayProperties": { "size": 2 } });
    let jobs = submitted(&register_request(), &request, &queue(None)).expect("it is sound");
    expect![[r#"{"v":1,"id":"11111111-2222-4333-8444-555555555555:0","number":8,"status":"SUBMITTED","createdAt":1700000000000}"#]].assert_eq(&encode(&jobs[1]));
    expect![[r#"{"v":1,"id":"11111111-2222-4333-8444-555555555555","number":7,"name":"one","queue":"high","role":{"ArrayParent":{"size":2}},"spec":{"definition":"resize:3","parts":[{"first":0,"last":0,"container":{"image":"busybox:1.36","command":["echo","Ref::what","Ref::unknown"],"volumes":[],"environment":[{"name":"COLOUR","value":"red"}],"mountPoints":[],"ulimits":[],"resourceRequirements":[{"value":"0.5","type":"VCPU"},{"value":"64","type":"MEMORY"}],"secrets":[]}}],"retry":{"evaluateOnExit":[]},"priority":0},"status":"SUBMITTED","createdAt":1700000000000}"#]].assert_eq(&encode(&jobs[0]));
}

#[test]
fn jobs_of_one_definition_share_their_container_again() {
    let mut decoder = Decoder::new();
    let mut read = || {
        decoder
            .decode(&encode(&one_job(&json!({}))))
            .expect("it can be read")
    };
    let (one, other) = (read(), read());
    assert!(Arc::ptr_eq(one.container(), other.container()));
    assert_eq!(one.resources().memory_mib, 64);
}

#[test]
fn what_cannot_be_read_is_told() {
    let request = json!({ "arrayProperties": { "size": 2 }, "dependsOn": [{ "jobId": ARRAY }] });
    let jobs = submitted(&register_request(), &request, &queue(None)).expect("it is sound");
    let child = encode(&jobs[1]);
    let check = |text: &str, parent: Option<&Job>, expected: expect_test::Expect| {
        expected.assert_eq(
            &decode(text, parent)
                .expect_err("it cannot be read")
                .to_string(),
        );
    };
    check(
        &child,
        None,
        expect![[
            "cannot read the record of job 11111111-2222-4333-8444-555555555555:0 without that of its parent"
        ]],
    );
    check(
        &child,
        Some(&one_job(&json!({}))),
        expect![[
            "cannot read a job's record: job 11111111-2222-4333-8444-555555555555 has no children, so 11111111-2222-4333-8444-555555555555:0 cannot be one"
        ]],
    );
    check(
        r#"{"v":2,"soul":1}"#,
        None,
        expect![["cannot read a job's record of version 2: this binary knows versions up to 1"]],
    );
    check(
        "{",
        None,
        expect![["cannot read a job's record: EOF while parsing an object at line 1 column 1"]],
    );
    check(
        r#"{"v":1}"#,
        None,
        expect![["cannot read a job's record: missing field `id` at line 1 column 7"]],
    );
}
