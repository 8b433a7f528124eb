//! What is submitted, and what must come of it.

use serde_json::{Value, json};
use tests::support::random::Random;

/// How long an attempt may run that takes too long: the least that AWS allows.
const TIMEOUT_SECONDS: u64 = 60;

/// A job that is to be submitted.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    /// Its name, which no other has.
    pub(crate) name: String,
    /// `docker` or `process`: its queue, and its definition.
    pub(crate) engine: &'static str,
    kind: Kind,
    /// The job that it waits for, by its place among all, and whether index by index.
    pub(crate) after: Option<(usize, bool)>,
    /// How long each attempt takes, milliseconds.
    lasts: u64,
    /// The exit code of attempts that fail.
    code: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It succeeds.
    Good,
    /// It fails.
    Bad,
    /// It succeeds at this attempt, and would have more.
    GoodAt(u64),
    /// It fails at each of so many attempts.
    BadAt(u64),
    /// It has attempts left, and a rule that ends it at once.
    Ruled,
    /// It has attempts left, and takes too long.
    Overdue,
    /// So many children, of which this one fails.
    Array(u64, Option<u64>),
    /// So many, one after the other; those after the one that fails fail too.
    Chain(u64, Option<u64>),
}

/// What must come of a job, a child or a parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Whether it succeeds.
    pub(crate) good: bool,
    /// How many attempts it has.
    pub(crate) attempts: u64,
    /// The last attempt's exit code.
    pub(crate) code: Option<u64>,
    /// What is said.
    pub(crate) reason: Option<&'static str>,
}

/// The command of all jobs: it leaves a line for each attempt in the file.
pub(crate) fn script(runs: &str) -> String {
    format!(
        "trap 'exit 9' TERM; echo \"$AWS_BATCH_JOB_ID $AWS_BATCH_JOB_ATTEMPT\" >> {runs}; sleep $LASTS & wait $!; \
         [ \"$AWS_BATCH_JOB_ARRAY_INDEX\" != \"$BAD_INDEX\" ] || exit $CODE; [ $AWS_BATCH_JOB_ATTEMPT -ge $GOOD_AT ] || exit $CODE"
    )
}

/// So many jobs; those that take longest come first.
pub(crate) fn plan(number: usize, random: &mut Random) -> Vec<Planned> {
    let mut jobs: Vec<Planned> = Vec::new();
    for index in 0..number {
        let bad = |size: u64, random: &mut Random| random.percent(40).then(|| random.below(size));
        let kind = match random.below(100) {
            _ if index < 3 => Kind::Overdue,
            0..35 => Kind::Good,
            35..50 => Kind::Bad,
            50..62 => Kind::GoodAt(random.between(2, 4)),
            62..72 => Kind::BadAt(random.between(2, 4)),
            72..80 => Kind::Ruled,
            80..92 => {
                let size = random.between(2, 5);
                Kind::Array(size, bad(size, random))
            }
            _ => {
                let size = random.between(2, 4);
                Kind::Chain(size, bad(size, random))
            }
        };
        let mut after = None;
        if index > 3 && random.percent(30) {
            let other = usize::try_from(random.between(3, index as u64)).expect("it is small");
            let same_size = matches!((kind, jobs[other].kind), (Kind::Array(one, _), Kind::Array(two, _)) if one == two);
            after = Some((other, same_size && random.percent(80)));
        }
        let lasts = match kind {
            Kind::Overdue => 1_000_000,
            _ => random.below(1_500),
        };
        jobs.push(Planned {
            name: format!("job-{index}"),
            engine: if random.percent(50) {
                "docker"
            } else {
                "process"
            },
            kind,
            after,
            lasts,
            code: random.between(1, 100),
        });
    }
    jobs
}

impl Planned {
    /// SubmitJob's request; `id_of` tells the ids of jobs before.
    pub(crate) fn request(&self, id_of: impl Fn(usize) -> String) -> Value {
        let (attempts, good_at, bad_index) = match self.kind {
            Kind::Good | Kind::Array(_, None) | Kind::Chain(_, None) => (1, 0, None),
            Kind::Bad => (1, 99, None),
            Kind::GoodAt(attempt) => (attempt + 2, attempt, None),
            Kind::BadAt(attempts) => (attempts, 99, None),
            Kind::Ruled => (5, 99, None),
            Kind::Overdue => (5, 0, None),
            Kind::Array(_, bad) | Kind::Chain(_, bad) => (1, 0, bad),
        };
        let bad_index = bad_index.map_or("none".to_owned(), |index| index.to_string());
        let variable = |name: &str, value: String| json!({"name": name, "value": value});
        let mut request = json!({
            "jobName": self.name,
            "jobQueue": self.engine,
            "jobDefinition": self.engine,
            "retryStrategy": {"attempts": attempts},
            "containerOverrides": {"environment": [
                variable("LASTS", format!("{}.{:03}", self.lasts / 1000, self.lasts % 1000)),
                variable("GOOD_AT", good_at.to_string()),
                variable("BAD_INDEX", bad_index),
                variable("CODE", self.code.to_string()),
            ]},
        });
        let mut depends_on = Vec::new();
        if let Some((other, by_index)) = self.after {
            let mut dependency = json!({"jobId": id_of(other)});
            if by_index {
                dependency["type"] = json!("N_TO_N");
            }
            depends_on.push(dependency);
        }
        if attempts == 1 {
            // Only what the machine's trouble ended is tried again.
            request["retryStrategy"] = json!({"attempts": 3, "evaluateOnExit": [
                {"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onExitCode": "*", "action": "EXIT"},
            ]});
        }
        match self.kind {
            Kind::Ruled => {
                let rule = json!({"onExitCode": self.code.to_string(), "action": "EXIT"});
                request["retryStrategy"]["evaluateOnExit"] = json!([rule]);
            }
            Kind::Overdue => {
                request["timeout"] = json!({"attemptDurationSeconds": TIMEOUT_SECONDS})
            }
            Kind::Array(size, _) => request["arrayProperties"] = json!({"size": size}),
            Kind::Chain(size, _) => {
                request["arrayProperties"] = json!({"size": size});
                depends_on.push(json!({"type": "SEQUENTIAL"}));
            }
            Kind::Good | Kind::Bad | Kind::GoodAt(_) | Kind::BadAt(_) => {}
        }
        request["dependsOn"] = depends_on.into();
        request
    }

    /// What must come of it: under what follows the job's id, an empty text for the job itself.
    pub(crate) fn expected(&self, all: &[Self]) -> Vec<(String, Expected)> {
        let children = match self.kind {
            Kind::Array(size, _) | Kind::Chain(size, _) => Some(size),
            _ => None,
        };
        let Some(size) = children else {
            let fails = self
                .after
                .is_some_and(|(other, _)| !all[other].is_good(all));
            let own = if fails {
                Expected::of_dependent()
            } else {
                self.alone()
            };
            return vec![(String::new(), own)];
        };
        let mut list = Vec::new();
        let mut has_failed = false;
        for index in 0..size {
            let waits_in_vain = match self.after {
                Some((other, true)) => all[other]
                    .expected(all)
                    .iter()
                    .any(|(child, outcome)| *child == format!(":{index}") && !outcome.good),
                Some((other, false)) => !all[other].is_good(all),
                None => false,
            };
            let is_bad = match self.kind {
                Kind::Array(_, bad) | Kind::Chain(_, bad) => bad == Some(index),
                _ => false,
            };
            let is_chained = matches!(self.kind, Kind::Chain(..)) && has_failed;
            let child = if waits_in_vain || is_chained {
                Expected::of_dependent()
            } else {
                Expected::ran(1, if is_bad { self.code } else { 0 })
            };
            has_failed |= !child.good;
            list.push((format!(":{index}"), child));
        }
        let parent = Expected {
            good: !has_failed,
            attempts: 0,
            code: None,
            reason: None,
        };
        list.push((String::new(), parent));
        list
    }

    fn is_good(&self, all: &[Self]) -> bool {
        let outcomes = self.expected(all);
        outcomes.iter().all(|(_, outcome)| outcome.good)
    }

    fn alone(&self) -> Expected {
        match self.kind {
            Kind::Good | Kind::Array(..) | Kind::Chain(..) => Expected::ran(1, 0),
            Kind::Bad | Kind::Ruled => Expected::ran(1, self.code),
            Kind::GoodAt(attempt) => Expected::ran(attempt, 0),
            Kind::BadAt(attempts) => Expected::ran(attempts, self.code),
            Kind::Overdue => Expected {
                good: false,
                attempts: 1,
                code: Some(9),
                reason: Some("Job attempt duration exceeded timeout"),
            },
        }
    }
}

impl Expected {
    fn ran(attempts: u64, code: u64) -> Self {
        Self {
            good: code == 0,
            attempts,
            code: Some(code),
            reason: Some("Essential container in task exited"),
        }
    }

    fn of_dependent() -> Self {
        Self {
            good: false,
            attempts: 0,
            code: None,
            reason: Some("Dependent Job failed"),
        }
    }
}
