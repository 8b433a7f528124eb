//! What of a state's data AWS shows for which type of state.

use asl::definition::{QueryLanguage, State, StateKind};

use crate::payload::Payload;
use crate::trial::Inspection;

/// What a state of that kind shows of what was found.
pub(super) fn shown(mut found: Inspection, state: &State, input: Payload) -> Inspection {
    let is_jsonata = state.query_language == QueryLanguage::Jsonata;
    match &state.kind {
        StateKind::Task(_) => {}
        StateKind::Pass(pass) => {
            if pass.result.is_some() {
                found.after_input_path = None;
                found.after_parameters = None;
            }
        }
        StateKind::Fail(_) => found.after_input_path = Some(input),
        StateKind::Choice(_) | StateKind::Wait(_) | StateKind::Succeed => {
            found.after_result_selector = None;
            found.after_result_path = None;
        }
        StateKind::Parallel(_) | StateKind::Map(_) => {
            found.after_input_path = None;
            found.after_parameters = None;
            found.result = None;
        }
    }
    if is_jsonata {
        found.after_input_path = None;
        found.after_result_selector = None;
        found.after_result_path = None;
        found.after_items_path = None;
    }
    found
}
