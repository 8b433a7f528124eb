use super::*;
use crate::names::ScheduleName;
use crate::timetable::zone;
use proptest::prelude::*;
use std::collections::BTreeSet;

const MINUTE: i64 = 60_000;

/// Something that happens, some time after what happened before.
#[derive(Clone, Debug)]
enum Event {
    Wake,
    Take,
    Refuse { again: bool },
    End { well: bool },
    Trigger(Option<Overlap>),
    Backfill,
    Pause,
    Resume,
    Restart,
}

fn overlap() -> impl Strategy<Value = Overlap> {
    prop::sample::select(&Overlap::ALL[..])
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => Just(Event::Wake),
        4 => Just(Event::Take),
        2 => any::<bool>().prop_map(|again| Event::Refuse { again }),
        4 => any::<bool>().prop_map(|well| Event::End { well }),
        1 => proptest::option::of(overlap()).prop_map(Event::Trigger),
        1 => Just(Event::Backfill),
        1 => Just(Event::Pause),
        1 => Just(Event::Resume),
        1 => Just(Event::Restart),
    ]
}

fn plan(overlap: Overlap, pause_on_failure: bool, window: i64) -> Plan {
    let name = ScheduleName::new(None, "every");
    Plan {
        name: "every".to_owned(),
        seed: crate::names::seed(&name, 0),
        timetable: crate::timetable::Timetable {
            expression: crate::expression::Expression::parse("rate(5 minutes)")
                .expect("it is right"),
            zone: zone("UTC").expect("there is such a zone"),
            start: None,
            end: None,
            anchor: 0,
        },
        window: window * MINUTE,
        overlap,
        catch_up: 60 * MINUTE,
        pause_on_failure,
        maximum_age: 10 * MINUTE,
        maximum_retries: 2,
        after_completion: ActionAfterCompletion::None,
    }
}

/// The input of an event, for the oldest run that it can happen to.
fn input(event: Event, state: &State, now: i64) -> Option<Input> {
    let called = state.open.iter().find(|run| run.handle.is_none());
    let running = state.open.iter().find(|run| run.handle.is_some());
    let called = called.map(|run| run.name.clone());
    Some(match event {
        Event::Wake => Input::Woke,
        Event::Take => {
            let run = called?;
            let accepted = Accepted {
                handle: Some(format!("handle of {run}")),
                outcome: None,
            };
            Input::Called {
                run,
                answer: Ok(accepted),
            }
        }
        Event::Refuse { again } => Input::Called {
            run: called?,
            answer: Err(Refused {
                why: "no".to_owned(),
                again_after: again.then_some(MINUTE),
            }),
        },
        Event::End { well } => Input::Ended {
            run: running?.name.clone(),
            outcome: if well {
                Outcome::Succeeded
            } else {
                Outcome::Failed {
                    why: "no".to_owned(),
                }
            },
        },
        Event::Trigger(overlap) => Input::Trigger { overlap },
        Event::Backfill => Input::Backfill {
            from: now - 30 * MINUTE,
            until: now,
            overlap: None,
        },
        Event::Pause => Input::Pause {
            why: "enough".to_owned(),
        },
        Event::Resume => Input::Resume,
        Event::Restart => Input::Recovered,
    })
}

proptest! {
    #[test]
    fn whatever_happens(
        policy in overlap(),
        pause_on_failure in any::<bool>(),
        window in 0_i64..12,
        events in prop::collection::vec((event(), 0_i64..12), 1..120),
    ) {
        let plan = plan(policy, pause_on_failure, window);
        let mut state = State::new(0);
        let mut now = 0;
        let mut begun = BTreeSet::new();
        let mut all_allowed = policy == Overlap::AllowAll;
        for (event, minutes) in events {
            now += minutes * MINUTE;
            all_allowed |= matches!(event, Event::Trigger(Some(Overlap::AllowAll)));
            let is_restart = matches!(event, Event::Restart);
            let Some(input) = input(event, &state, now) else { continue };
            let effects = step(&plan, &mut state, input, now);
            for effect in &effects {
                if let Effect::Call { run } = effect {
                    let is_new = run.attempts > 1 || begun.insert(run.name.clone());
                    prop_assert!(is_new || is_restart, "{} began twice", run.name);
                    prop_assert!(run.attempts <= plan.maximum_retries + 1);
                    prop_assert!(run.scheduled_at <= now);
                    prop_assert!(state.run(&run.name).is_some());
                }
            }
            prop_assert!(all_allowed || state.open.len() <= 1, "{:?}", state.open);
            prop_assert!(state.open.iter().all(|run| !run.is_over()));
            prop_assert!(state.recent.iter().all(Run::is_over));
            prop_assert!(state.recent.len() <= crate::state::RECENT);
            // Nothing is left lying that could be begun.
            prop_assert!(!state.open.is_empty() || state.buffer.is_empty() || state.paused.is_some());
            // What is stored is what was meant.
            let text = serde_json::to_string(&state).expect("it is JSON");
            let read: State = serde_json::from_str(&text).expect("it can be read");
            prop_assert_eq!(&read, &state);
        }
        prop_assert_eq!(begun.len() as u64, state.counts.begun);
    }

    #[test]
    fn delays_stay_in_their_window(scheduled_at in 0_i64..4_000_000_000_000, window in 0_i64..1440) {
        let plan = plan(Overlap::AllowAll, false, window);
        let delay = plan.begins_at(scheduled_at) - scheduled_at;
        prop_assert!((0..=window * MINUTE).contains(&delay));
        prop_assert_eq!(plan.begins_at(scheduled_at) - scheduled_at, delay);
    }
}

#[test]
fn what_lies_too_far_back_is_counted_and_left_out() {
    let plan = plan(Overlap::AllowAll, false, 0);
    let mut state = State::new(0);
    let now = 600 * MINUTE;
    let effects = step(&plan, &mut state, Input::Woke, now);
    let missed = effects.iter().find_map(|effect| match effect {
        Effect::Missed { first, count } => Some((*first, *count)),
        _ => None,
    });
    assert_eq!(missed, Some((0, 108)));
    // From 540 on: the window begins exactly there.
    assert_eq!(state.counts.begun, 13);
}

#[test]
fn a_schedule_that_is_complete_says_so_once_its_last_run_is_over() {
    let mut plan = plan(Overlap::Skip, false, 0);
    plan.timetable.end = Some(0);
    plan.after_completion = ActionAfterCompletion::Delete;
    let mut state = State::new(0);
    let effects = step(&plan, &mut state, Input::Woke, 0);
    let [Effect::Call { run }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let refused = Refused {
        why: "no".to_owned(),
        again_after: Some(1),
    };
    let answer = |answer| Input::Called {
        run: run.name.clone(),
        answer,
    };
    assert_eq!(step(&plan, &mut state, answer(Err(refused)), 1), []);
    assert_eq!(wake_at(&plan, &state), Some(2));
    let effects = step(&plan, &mut state, Input::Woke, 2);
    assert!(matches!(effects.as_slice(), [Effect::Call { run }] if run.attempts == 2));
    let accepted = Accepted {
        handle: None,
        outcome: Some(Outcome::Succeeded),
    };
    let effects = step(&plan, &mut state, answer(Ok(accepted)), 3);
    assert_eq!(effects, [Effect::Complete]);
}
