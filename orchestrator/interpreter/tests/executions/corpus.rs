//! The corpus through `step` alone: plainly, stored and loaded after every step, and with the smallest steps.

use std::fmt::Write;

use tests::corpus::{Case, Feature, STARTED_AT, is_update};
use tests::event_text::history_text;

use crate::simulation::{Between, Simulation};

#[test]
fn every_case_has_its_history() {
    let mut failures = String::new();
    for feature in Feature::all() {
        let actual: Vec<String> = feature.cases.iter().map(plain).collect();
        if is_update() {
            feature.update(&actual);
            continue;
        }
        for (case, actual) in feature.cases.iter().zip(&actual) {
            if case.expected != *actual {
                let place = format!("{}:{}", feature.path.display(), case.line);
                let difference = difference(&case.expected, actual);
                let _ = write!(failures, "\n{place}\n{}\n{difference}", case.name);
            }
        }
    }
    assert!(
        failures.is_empty(),
        "histories differ; UPDATE_EXPECT=1 writes them anew\n{failures}"
    );
}

#[test]
fn an_execution_that_is_stored_and_loaded_after_every_step_goes_on_alike() {
    check_alike(|case| Simulation::new(case, Between::Reload));
}

#[test]
fn the_size_of_steps_does_not_show() {
    for budget in 1..4 {
        check_alike(|case| Simulation::new(case, Between::Reload).with_budget(budget));
    }
}

fn check_alike(other: impl Fn(&Case) -> Simulation<'_>) {
    let features = Feature::all();
    for case in features.iter().flat_map(|feature| &feature.cases) {
        let actual = text(&other(case).run());
        assert_eq!(plain(case), actual, "{}", case.name);
    }
}

fn plain(case: &Case) -> String {
    text(&Simulation::new(case, Between::Nothing).run())
}

fn text(simulation: &Simulation<'_>) -> String {
    history_text(
        &simulation.history,
        &simulation.execution.status,
        STARTED_AT,
    )
}

/// The lines around the first one that differs.
fn difference(expected: &str, actual: &str) -> String {
    let same = expected
        .lines()
        .zip(actual.lines())
        .take_while(|(expected, actual)| expected == actual)
        .count();
    let mut text = String::new();
    for line in expected.lines().skip(same).take(3) {
        let _ = writeln!(text, "  - {line}");
    }
    for line in actual.lines().skip(same).take(3) {
        let _ = writeln!(text, "  + {line}");
    }
    text
}
