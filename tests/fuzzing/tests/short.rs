//! A short run of every target, so that none of them falls behind. The long ones are `tests/fuzz`.

use fuzzing::hunt::Hunt;
use fuzzing::targets::{NAMES, named};

/// How many inputs each target gets beyond those that it begins with.
const RUNS: usize = 300;

#[test]
fn nothing_is_found_quickly() {
    let mut found = Vec::new();
    for name in NAMES {
        let target = named(name).expect("it is one of them");
        let runs = target.seeds().len() + RUNS;
        let mut hunt = Hunt::new(target, 1);
        for _ in 0..runs {
            let input = hunt.draw();
            let Some(finding) = hunt.run(&input) else {
                continue;
            };
            // How long a run takes is looked at where nothing else runs.
            if !finding.what.starts_with("it ran ") {
                found.push(format!(
                    "{name}: {}\n{}",
                    finding.what,
                    String::from_utf8_lossy(&finding.input)
                ));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}
