//! Changes that can't be applied, and what the policies make of them.

use std::fmt::Write as _;

use endpoint::target::ApplyError;
use endpoint::target::careful::{Outcome, Policies};
use replication::settings::{ErrorBehavior, ErrorPolicy, TaskSettings};

use crate::bed::{Bed, Pair, Values, checkpoint};

const DEFINITIONS: &str = "create table t (id int primary key, v int check (v < 100), s text); create table other (id int primary key, b bytea)";

/// What is done at the source, and at the target only, then what the target has afterwards and what is in the exceptions table.
fn check(
    bed: &Bed,
    name: &str,
    [at_target, script]: [&str; 2],
    behave: impl Fn(&mut ErrorBehavior),
    expected: &str,
) {
    for (number, values) in [Values::Binary, Values::Text].into_iter().enumerate() {
        let pair = bed.pair(&format!("{name}_{number}"), DEFINITIONS);
        pair.source.run("alter table t drop constraint t_v_check");
        let rows = "insert into t select i, i, 's' || i from generate_series(1, 20) i";
        pair.source.run(rows);
        pair.target.run(rows);
        // What was there before is not in the stream.
        pair.source.run(&format!(
            "select pg_replication_slot_advance('{name}_{number}', pg_current_wal_lsn())"
        ));
        pair.target.run(at_target);
        pair.source.run(script);
        let mut behavior = TaskSettings::default().errors;
        behave(&mut behavior);
        let text = carefully(&pair, behavior, values);
        assert_eq!(text, expected, "{name} {values:?}");
    }
}

fn carefully(pair: &Pair<'_>, behavior: ErrorBehavior, values: Values) -> String {
    let control = pair.claim();
    let mut applier = pair.applier(&control);
    let piece = pair.changes(values);
    let bindings = pair.bindings(&piece);
    let mut policies = Policies::new(behavior);
    let outcome: Result<Outcome, ApplyError> = pair.run(async {
        applier.begin();
        let changes = 0..piece.changes.len();
        let outcome = applier
            .careful(&piece, changes, &bindings, &mut policies)
            .await?;
        applier.commit(&checkpoint(&piece)).await?;
        Ok(outcome)
    });
    let mut text = String::new();
    match outcome {
        Err(error) => {
            write!(text, "error: {error}").expect("a String takes everything");
            pair.run(applier.rollback()).expect("the session is usable");
        }
        Ok(outcome) => {
            let name = |relation: u32| piece.relations[relation as usize].name.table.clone();
            let mut counts: Vec<String> = outcome
                .applied
                .iter()
                .map(|(&relation, counts)| {
                    format!(
                        "{}: {}/{}/{}",
                        name(relation),
                        counts.inserts,
                        counts.updates,
                        counts.deletes
                    )
                })
                .collect();
            counts.sort();
            text.push_str(&counts.join(", "));
            for (relation, reason) in &outcome.suspended {
                write!(text, "; {} suspended: {reason}", name(*relation))
                    .expect("a String takes everything");
            }
        }
    }
    let changed = "select string_agg(id || '=' || v || s, ' ' order by id) from t where (v, s) is distinct from (id, 's' || id)";
    let missing = "select string_agg(i::text, ' ') from generate_series(1, 20) i where i not in (select id from t)";
    for query in [changed, missing] {
        write!(
            text,
            "\n{}",
            pair.target.optional(query).unwrap_or_default()
        )
        .expect("a String takes everything");
    }
    for row in pair.target.rows("select \"TABLE_NAME\", \"STATEMENT\", \"ERROR\" from ratchet.awsdms_apply_exceptions order by ctid") {
        let row: Vec<String> = row.into_iter().map(Option::unwrap_or_default).collect();
        write!(text, "\n{}", row.join(" | ")).expect("a String takes everything");
    }
    text
}

#[test]
fn policies_decide_about_changes_that_can_not_be_applied() {
    let bed = Bed::start();
    let check = |name: &str, scripts: [&str; 2], behave: fn(&mut ErrorBehavior), expected: &str| {
        check(&bed, name, scripts, behave, expected);
    };
    let several = "insert into t select i, 1, 'n' from generate_series(30, 40) i; update t set v = 500 where id in (3, 7); delete from t where id = 9";
    check(
        "data_logged",
        ["", several],
        |_| {},
        "t: 11/0/1\n30=1n 31=1n 32=1n 33=1n 34=1n 35=1n 36=1n 37=1n 38=1n 39=1n 40=1n\n9\n\
         t | update \"public\".\"t\" set \"v\" = '500', \"s\" = 's3' where \"id\" = '3' | new row for relation \"t\" violates check constraint \"t_v_check\" (23514); Failing row contains (3, 500, s3).\n\
         t | update \"public\".\"t\" set \"v\" = '500', \"s\" = 's7' where \"id\" = '7' | new row for relation \"t\" violates check constraint \"t_v_check\" (23514); Failing row contains (7, 500, s7).",
    );
    check(
        "data_ignored",
        [
            "",
            "update t set v = 500 where id = 3; update t set v = 5 where id = 4",
        ],
        |behavior| behavior.data = ErrorPolicy::IgnoreRecord,
        "t: 0/1/0\n4=5s4\n",
    );
    check(
        "data_suspends",
        [
            "",
            "update t set v = 5 where id = 2; update t set v = 500 where id = 3; update t set v = 5 where id = 4; insert into other values (1, '\\x00ff')",
        ],
        |behavior| behavior.data = ErrorPolicy::SuspendTable,
        "other: 1/0/0, t: 0/1/0; t suspended: new row for relation \"t\" violates check constraint \"t_v_check\" (23514); Failing row contains (3, 500, s3).\n2=5s2\n\n\
         t | update \"public\".\"t\" set \"v\" = '500', \"s\" = 's3' where \"id\" = '3' | new row for relation \"t\" violates check constraint \"t_v_check\" (23514); Failing row contains (3, 500, s3).",
    );
    check(
        "data_stops",
        [
            "",
            "update t set v = 5 where id = 2; update t set v = 500 where id = 3",
        ],
        |behavior| behavior.data = ErrorPolicy::StopTask,
        "error: cannot apply a change to the table public.t: new row for relation \"t\" violates check constraint \"t_v_check\" (23514); \
         Failing row contains (3, 500, s3). (update \"public\".\"t\" set \"v\" = '500', \"s\" = 's3' where \"id\" = '3')\n\n",
    );
    check(
        "data_escalates",
        [
            "",
            "update t set v = 500 where id = 3; update t set v = 500 where id = 4; update t set v = 5 where id = 5",
        ],
        |behavior| behavior.data_escalation = (ErrorPolicy::StopTask, 2),
        "error: cannot apply a change to the table public.t: new row for relation \"t\" violates check constraint \"t_v_check\" (23514); \
         Failing row contains (4, 500, s4). (update \"public\".\"t\" set \"v\" = '500', \"s\" = 's4' where \"id\" = '4')\n\n",
    );
    let duplicates = [
        "insert into t values (30, 9, 'here'); insert into other values (1, '')",
        "insert into t values (30, 1, 'new'), (31, 1, 'new'); insert into other values (1, '\\x00ff')",
    ];
    check(
        "duplicate_logged",
        duplicates,
        |_| {},
        "t: 1/0/0\n30=9here 31=1new\n\n\
         t | insert into \"public\".\"t\" (\"id\", \"v\", \"s\") values ('30', '1', 'new') | duplicate key value violates unique constraint \"t_pkey\" (23505); Key (id)=(30) already exists.\n\
         other | insert into \"public\".\"other\" (\"id\", \"b\") values ('1', E'\\\\x00ff') | duplicate key value violates unique constraint \"other_pkey\" (23505); Key (id)=(1) already exists.",
    );
    check(
        "duplicate_upserts",
        duplicates,
        |behavior| behavior.insert = ErrorPolicy::Upsert,
        "other: 1/0/0, t: 2/0/0\n30=1new 31=1new\n",
    );
    let missing = [
        "delete from t where id in (3, 5, 7)",
        "update t set v = 33 where id = 3; update t set id = 50 where id = 5; delete from t where id in (7, 8)",
    ];
    check(
        "missing_logged",
        missing,
        |behavior| behavior.delete = ErrorPolicy::LogError,
        "t: 0/0/1\n\n3 5 7 8\n\
         t | update \"public\".\"t\" set \"v\" = '33', \"s\" = 's3' where \"id\" = '3' | the row is not there\n\
         t | update \"public\".\"t\" set \"id\" = '50', \"v\" = '5', \"s\" = 's5' where \"id\" = '5' | the row is not there\n\
         t | delete from \"public\".\"t\" where \"id\" = '7' | the row is not there",
    );
    check(
        "missing_upserts",
        missing,
        |behavior| behavior.update = ErrorPolicy::Upsert,
        "t: 0/2/1\n3=33s3 50=5s5\n5 7 8",
    );
    check(
        "truncate_refused",
        [
            "create table outside (id int references t)",
            "update t set v = 5 where id = 2; truncate t",
        ],
        |_| {},
        "t: 0/1/0; t suspended: it was emptied at the source, and at the target cannot truncate a table referenced in a foreign key constraint (0A000); \
         Table \"outside\" references \"t\".; Truncate table \"outside\" at the same time, or use TRUNCATE ... CASCADE.; \
         drop that foreign key at the target, or replicate the table that has it\n2=5s2\n\n\
         t | truncate table \"public\".\"t\" | it was emptied at the source, and at the target cannot truncate a table referenced in a foreign key constraint (0A000); \
         Table \"outside\" references \"t\".; Truncate table \"outside\" at the same time, or use TRUNCATE ... CASCADE.; \
         drop that foreign key at the target, or replicate the table that has it",
    );
}

#[test]
fn one_bad_row_among_many_is_found() {
    let bed = Bed::start();
    let pair = bed.pair("among_many", DEFINITIONS);
    pair.source.run("alter table t drop constraint t_v_check");
    pair.source.run("insert into t select i, case when i = 1777 then 500 else 1 end, 's' from generate_series(1, 3000) i");
    let text = carefully(&pair, TaskSettings::default().errors, Values::Binary);
    assert!(text.starts_with("t: 2999/0/0\n"), "{text}");
    assert_eq!(pair.target.one("select count(*) from t"), "2999");
    assert_eq!(
        pair.target
            .one("select count(*) from ratchet.awsdms_apply_exceptions"),
        "1"
    );
}
