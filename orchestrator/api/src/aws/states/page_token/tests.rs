//! Tokens come back as what they were made of, and only to the request that they were made for.

use super::Request;
use crate::aws::states::wire::Operation;

const HISTORY: Request<'_> = Request {
    operation: Operation::GetExecutionHistory,
    filters: &["arn:e", "forward"],
};

#[test]
fn come_back() {
    for number in [0, 1, 25_000, u64::MAX] {
        let token = HISTORY.token_at(number);
        assert!(token.len() <= 1024, "the model's limit");
        assert_eq!(HISTORY.number(Some(&token)).expect("its own"), Some(number));
    }
    let longest = "ä".repeat(80);
    let token = HISTORY.token(longest.as_bytes());
    assert_eq!(HISTORY.name(Some(&token)).expect("its own"), Some(longest));
    assert_eq!(HISTORY.number(None).expect("no token"), None);
}

#[test]
fn are_refused_elsewhere() {
    let token = HISTORY.token_at(7);
    for other in [
        Request {
            filters: &["arn:e", "reverse"],
            ..HISTORY
        },
        Request {
            filters: &["arn:other", "forward"],
            ..HISTORY
        },
        Request {
            filters: &["arn:efor", "ward"],
            ..HISTORY
        },
        Request {
            operation: Operation::ListExecutions,
            ..HISTORY
        },
    ] {
        assert!(other.number(Some(&token)).is_err(), "{other:?}");
    }
    let changed = HISTORY.token_at(8).replace('A', "B");
    for text in ["", "x", "not a token", "AAAA", &token[1..], &changed] {
        assert!(HISTORY.number(Some(text)).is_err(), "{text}");
    }
    let name = HISTORY.token(b"a name");
    assert!(HISTORY.number(Some(&name)).is_err(), "a name is no number");
}
