//! What was encoded is read back, and what was not is refused without a panic.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use interpreter::execution::{Execution, Identity};
use interpreter::failure::Failure;
use interpreter::history::{EventKind, HistoryEvent, StateType};
use interpreter::input::{AttemptId, Input};
use interpreter::payload::Payload;
use interpreter::step::Limits;
use proptest::prelude::*;
use store::contract::Error;
use store::encoding::{
    RecordedInput, decode_events, decode_input, decode_snapshot, encode_events, encode_input,
    encode_snapshot,
};

const LIMITS: Limits = Limits {
    payload_bytes: 262_144,
    history_events: 25_000,
    map_concurrency: 40,
    step_events: 1000,
};

fn payload() -> impl Strategy<Value = Payload> {
    let text = prop_oneof!["[a-zü🦀\\\\\"]{0,20}", "[a-z]{300,600}", "(ab){0,2000}"];
    text.prop_map(|text: String| Payload::of_known_text(format!("{text:?}")))
}

fn kind() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        payload().prop_map(|output| EventKind::ExecutionSucceeded { output }),
        (payload(), "[A-Z]{1,80}").prop_map(|(input, name)| EventKind::StateEntered {
            state_type: StateType::Map,
            name: name.into(),
            input,
        }),
        any::<u64>().prop_map(|length| EventKind::MapStarted { length }),
        Just(EventKind::ParallelStarted),
    ]
}

fn event() -> impl Strategy<Value = HistoryEvent> {
    (any::<u64>(), any::<u64>(), any::<i64>(), kind()).prop_map(
        |(id, previous, timestamp, kind)| HistoryEvent {
            id,
            previous,
            timestamp,
            kind,
        },
    )
}

fn events() -> impl Strategy<Value = Vec<HistoryEvent>> {
    prop::collection::vec(event(), 0..40)
}

fn execution(input: Payload, number: u64) -> Execution {
    Execution::new(Arc::new(Identity {
        number,
        arn: "arn:x".into(),
        name: "x".into(),
        role_arn: "arn:role".into(),
        state_machine_arn: "arn:m".into(),
        state_machine_name: "m".into(),
        version_arn: None,
        alias_arn: Some("arn:alias".into()),
        region: "us-east-1".into(),
        started_at: 77,
        input,
    }))
}

proptest! {
    #[test]
    fn events_are_read_back(events in events()) {
        prop_assert_eq!(decode_events(&encode_events(&events)).unwrap(), events);
    }

    #[test]
    fn a_snapshot_is_read_back(input in payload(), number: u64) {
        let execution = execution(input, number);
        prop_assert_eq!(decode_snapshot(&encode_snapshot(&execution)).unwrap(), execution);
    }

    #[test]
    fn an_input_is_read_back(output in payload(), now: i64, seed: u128, last_event: u64) {
        let attempt = AttemptId(last_event);
        let input = Input::TaskSucceeded { attempt, output };
        let recorded = RecordedInput { now, seed, limits: LIMITS, last_event, input };
        prop_assert_eq!(decode_input(&encode_input(&recorded)).unwrap(), recorded);
    }

    #[test]
    fn any_bytes_are_survived(mut bytes in prop::collection::vec(any::<u8>(), 0..300), packed: bool) {
        if bytes.len() > 1 {
            bytes[..2].copy_from_slice(&[1, packed.into()]);
        }
        survive(&bytes);
    }

    #[test]
    fn damage_is_survived(events in events(), at: prop::sample::Index, value: u8, cut: prop::sample::Index) {
        let mut bytes = encode_events(&events);
        let at = at.index(bytes.len());
        bytes[at] = value;
        survive(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        survive(&bytes);
    }
}

/// Whatever the bytes are, the answer is a value or an error.
fn survive(bytes: &[u8]) {
    let _ = decode_events(bytes);
    let _ = decode_snapshot(bytes);
    let _ = decode_input(bytes);
}

#[test]
fn equal_texts_are_packed() {
    let payload = Payload::of_known_text("\"0123456789\"".repeat(12));
    let event = |id| HistoryEvent {
        id,
        previous: id - 1,
        timestamp: 1,
        kind: EventKind::ExecutionSucceeded {
            output: payload.clone(),
        },
    };
    let events: Vec<HistoryEvent> = (1..=22).map(event).collect();
    let size = encode_events(&events).len();
    assert!(size < 500, "{size} bytes");
}

fn check_refusal(bytes: &[u8], why: &str) {
    let Err(error) = decode_events(bytes) else {
        panic!("the bytes are refused");
    };
    assert!(matches!(error, Error::Damaged { .. }));
    assert!(!error.is_retryable());
    assert_eq!(
        error.to_string(),
        format!("cannot read history events: {why}")
    );
}

#[test]
fn a_newer_format_is_refused() {
    check_refusal(&[2, 0, 0], "it has format 2, this binary reads 1");
}

#[test]
fn damage_is_named() {
    check_refusal(&[], "it is too short");
    check_refusal(&[1], "it is too short");
    check_refusal(&[1, 1, 0], "it is too short");
    check_refusal(
        &[1, 7, 0],
        "it is packed in a way that this binary does not know",
    );
    check_refusal(&[1, 0, 0, 9], "1 bytes follow its end");
    // A size of 4 GiB that the bytes can't come to is refused before anything is allocated.
    check_refusal(
        &[1, 1, 255, 255, 255, 255, 0],
        "its size is given as 4294967295 bytes",
    );
}

#[test]
fn a_failure_is_read_back() {
    let failure = Failure::new("States.Timeout", "too late");
    let recorded = RecordedInput {
        now: -1,
        seed: 0,
        limits: LIMITS,
        last_event: 0,
        input: Input::Stop(failure),
    };
    assert_eq!(decode_input(&encode_input(&recorded)).unwrap(), recorded);
}
