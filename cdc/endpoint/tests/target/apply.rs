//! Scripts at the source, applied at the target in every way, and compared.

use std::time::Duration;

use endpoint::target::careful::Policies;
use endpoint::target::{Applier, Durability};
use replication::net::{Mode, plan};
use replication::settings::TaskSettings;

use crate::bed::{Bed, Values, checkpoint};
use crate::zoo::{ZOO, ZOO_ROWS};

/// Definitions (at both ends), rows that are there at both ends, and what is then done at the source.
struct Case {
    name: &'static str,
    definitions: &'static str,
    rows: &'static str,
    script: &'static str,
}

const CASES: &[Case] = &[
    Case {
        name: "one_row",
        definitions: "create table t (id int primary key, s text)",
        rows: "insert into t values (1, 'a'), (2, 'b')",
        script: "insert into t values (3, 'c'); update t set s = 'B' where id = 2; delete from t where id = 1",
    },
    Case {
        name: "many_rows",
        definitions: "create table t (id int primary key, n bigint, s text, v numeric, at timestamptz)",
        rows: "insert into t select i, i, 'row ' || i, i / 7.0, now() from generate_series(1, 3000) i",
        script: "update t set s = s || '!', n = null where id % 3 = 0; delete from t where id % 3 = 1;
                 insert into t select i, i, 'new ' || i, null, 'infinity' from generate_series(4000, 9000) i",
    },
    Case {
        name: "some_rows",
        definitions: "create table t (id int primary key, n bigint, s text)",
        rows: "insert into t select i, i, 'row ' || i from generate_series(1, 30) i",
        script: "update t set s = s || '!', n = null where id % 3 = 0; delete from t where id % 3 = 1;
                 insert into t select i, i, 'new ' || i from generate_series(40, 50) i",
    },
    Case {
        name: "wide_key",
        definitions: "create table \"T x\" (a int, \"B\"\"c\" text, \"select\" date, v text, primary key (\"B\"\"c\", a, \"select\"))",
        rows: "insert into \"T x\" select i % 10, 'k' || i, '2020-01-01'::date + i, 'v' from generate_series(1, 200) i",
        script: "update \"T x\" set v = v || a; update \"T x\" set a = a + 1 where a > 5; delete from \"T x\" where a = 3",
    },
    Case {
        name: "key_changes",
        definitions: "create table t (id int primary key, s text)",
        rows: "insert into t select i, 'row ' || i from generate_series(1, 100) i",
        script: "begin; update t set id = -1 where id = 1; update t set id = 1 where id = 2; update t set id = 2 where id = -1; commit;
                 begin; update t set id = id + 1000; update t set id = id - 999; commit",
    },
    Case {
        name: "no_key",
        definitions: "create table t (a int, b numeric, c text, d json, e point, f float8); alter table t replica identity full;
                      create index on t (a)",
        rows: "insert into t values (1, 1.0, 'x', '{\"a\": 1}', '(1,2)', '-0'), (1, 1.00, 'x', '{\"a\": 1}', '(1,2)', 0),
               (null, 'NaN', null, null, null, 'NaN'), (null, 'NaN', null, null, null, 'NaN'), (2, 2, 'y', '[1]', '(0,0)', 1),
               (2, 2, 'y', '[1]', '(0,0)', 1), (2, 2, 'y', '[1]', '(0,0)', 1)",
        script: "delete from t where b::text = '1.00'; delete from t where ctid = (select min(ctid) from t where a = 2);
                 update t set c = 'z', e = null where ctid = (select min(ctid) from t where a = 2);
                 update t set a = 7 where ctid = (select min(ctid) from t where a is null);
                 insert into t values (9, 9, '9', '9', '(9,9)', 9), (9, 9, '9', '9', '(9,9)', 9)",
    },
    Case {
        name: "identity_by_index",
        definitions: "create table t (id int primary key, code text not null, v text); create unique index codes on t (code);
                      alter table t replica identity using index codes",
        rows: "insert into t select i, 'c' || i, 'v' from generate_series(1, 50) i",
        script: "update t set v = 'w' where id < 10; update t set id = id + 100 where id < 20; update t set code = code || 'x' where id = 30;
                 delete from t where id = 40",
    },
    Case {
        name: "toast",
        definitions: "create table t (id int primary key, big text, small int, more text); alter table t alter big set storage external",
        rows: "insert into t select i, repeat(md5(i::text), 200), i, repeat(md5(i::text), 200) from generate_series(1, 40) i",
        script: "update t set small = small + 1 where id % 2 = 0; update t set more = repeat('m', 5000) where id % 3 = 0;
                 update t set id = id + 1000 where id % 5 = 0; update t set small = 0 where id > 1000;
                 begin; update t set big = repeat('b', 9000) where id = 1; update t set small = -1 where id = 1; commit",
    },
    Case {
        name: "generated_and_identity",
        definitions: "create table t (id int generated always as identity primary key, a int, twice int generated always as (a * 2) stored)",
        rows: "insert into t (a) select i from generate_series(1, 40) i",
        script: "insert into t (a) select i from generate_series(1, 40) i; insert into t (a) values (7); update t set a = a + 1 where id % 2 = 0;
                 delete from t where id = 3",
    },
    Case {
        name: "identity_changes",
        definitions: "create table t (id int generated always as identity primary key, a int);
                      create table u (code text primary key, id int generated always as identity, v int)",
        rows: "insert into t (a) select i from generate_series(1, 40) i; insert into u (code, v) select i, i from generate_series(1, 40) i",
        script: "update t set id = default where id < 4; update t set id = default, a = 0 where id > 10 and id < 20; update u set v = v + 1;
                 update u set code = code || 'x' where v < 20",
    },
    Case {
        name: "truncate",
        definitions: "create table a (id int primary key); create table b (id int primary key, a int references a); create table c (id serial, v int)",
        rows: "insert into a select generate_series(1, 10); insert into b select i, i from generate_series(1, 10) i; insert into c (v) values (1)",
        script: "insert into a values (11); begin; insert into c (v) values (2); truncate a, b; insert into a values (5); commit;
                 truncate c restart identity; truncate a cascade; insert into a values (1); insert into b values (1, 1)",
    },
    Case {
        name: "foreign_keys",
        definitions: "create table parent (id int primary key); create table child (id int primary key, parent int references parent on delete cascade)",
        rows: "insert into parent select generate_series(1, 50); insert into child select i, i from generate_series(1, 50) i",
        script: "delete from parent where id < 20; insert into parent values (100); insert into child values (100, 100);
                 update child set parent = 100 where id = 30; delete from parent where id = 30",
    },
    Case {
        name: "unique_values",
        definitions: "create table t (id int primary key, code int unique, v text)",
        rows: "insert into t select i, i, 'v' from generate_series(1, 60) i",
        script: "begin; update t set code = -1 where id = 1; update t set code = 1 where id = 2; update t set code = 2 where id = 1; commit;
                 begin; delete from t where id = 3; insert into t values (300, 3, 'w'); commit;
                 update t set v = 'x' where id > 20; update t set code = null where id = 50",
    },
    Case {
        name: "partitions",
        definitions: "create table t (id int, at date, v text, primary key (id, at)) partition by range (at);
                      create table t1 partition of t for values from ('2020-01-01') to ('2021-01-01');
                      create table t2 (v text, at date not null, id int not null, primary key (id, at));
                      alter table t attach partition t2 for values from ('2021-01-01') to ('2022-01-01')",
        rows: "insert into t select i, '2020-06-01'::date + i, 'v' from generate_series(1, 400) i",
        script: "update t set v = 'w' where id % 2 = 0; update t set at = at + 100 where id between 100 and 120; delete from t where id > 390",
    },
    Case {
        name: "same_key_again",
        definitions: "create table t (id int primary key, v int)",
        rows: "insert into t select i, 0 from generate_series(1, 20) i",
        script: "begin; delete from t where id < 10; insert into t select i, 1 from generate_series(1, 9) i; commit;
                 begin; insert into t values (50, 1); update t set v = 2 where id = 50; delete from t where id = 50; commit;
                 begin; insert into t values (51, 1); update t set v = 2 where id = 51; commit;
                 update t set v = v + 1; update t set v = v + 1; insert into t values (50, 9)",
    },
    Case {
        name: "texts",
        definitions: "create table t (id int primary key, s text, c char(5), v varchar(10), n name, b bytea)",
        rows: "",
        script: "insert into t select i, E'tab\\tnew\\nback\\\\slash\\\\N \\\\. ünïcödé 🦀' || i, 'ab', '', 'name', '\\x00ff5c' from generate_series(1, 100) i;
                 insert into t values (1000, '', '', '', '', ''), (1001, '\\N', 'x', ' ', '\"', null);
                 update t set s = E'\\\\\\t\\r\\n', c = '' where id > 90; update t set v = null where id < 50",
    },
    Case {
        name: "only_keys",
        definitions: "create table t (id int primary key)",
        rows: "insert into t select generate_series(1, 20)",
        script: "insert into t select generate_series(21, 60); insert into t values (100); delete from t where id < 10; update t set id = 500 where id = 11",
    },
    Case {
        name: "no_columns",
        definitions: "create table t ()",
        rows: "",
        script: "insert into t default values; insert into t default values",
    },
];

#[test]
fn scripts_give_the_same_rows() {
    let bed = Bed::start();
    for case in CASES {
        for (number, (values, mode)) in WAYS.into_iter().enumerate() {
            let pair = bed.pair(&format!("{}_{number}", case.name), case.definitions);
            pair.source.run(case.rows);
            let control = pair.claim();
            let mut applier = pair.applier(&control);
            assert!(applier.is_replica());
            if !case.rows.is_empty() {
                pair.follow(&mut applier, values, mode)
                    .unwrap_or_else(|error| {
                        panic!("{} {values:?} {mode:?}: rows: {error}", case.name)
                    });
            }
            pair.source.run(case.script);
            let piece = pair
                .follow(&mut applier, values, mode)
                .unwrap_or_else(|error| panic!("{} {values:?} {mode:?}: {error}", case.name));
            assert_eq!(pair.differences(), "", "{} {values:?} {mode:?}", case.name);
            let (reached, _) = pair.run(control.checkpoint()).expect("the target answers");
            assert_eq!(reached, checkpoint(&piece), "{}", case.name);
        }
    }
}

const WAYS: [(Values, Mode); 4] = [
    (Values::Binary, Mode::Net),
    (Values::Binary, Mode::InOrder),
    (Values::Text, Mode::Net),
    (Values::Text, Mode::InOrder),
];

#[test]
fn every_type_keeps_its_values() {
    let bed = Bed::start();
    let script = "update zoo a set b = c.b, i2 = c.i2, i8 = c.i8, f4 = c.f4, f8 = c.f8, n = c.n, n2 = c.n2, m = c.m, s = c.s, vc = c.vc, ch = c.ch, qc = c.qc, nm = c.nm,
          ba = c.ba, d = c.d, t = c.t, tz = c.tz, ts = c.ts, tsz = c.tsz, iv = c.iv, u = c.u, j = c.j, jb = c.jb, x = c.x, bi = c.bi, vb = c.vb, ip = c.ip, ci = c.ci, ma = c.ma,
          m8 = c.m8, p = c.p, l = c.l, ls = c.ls, bx = c.bx, pa = c.pa, po = c.po, ci2 = c.ci2, tv = c.tv, tq = c.tq, lsn = c.lsn, sn = c.sn, ia = c.ia, ta = c.ta, ma2 = c.ma2,
          mo = c.mo, po2 = c.po2, pr = c.pr, pra = c.pra, prd = c.prd, r = c.r, mr = c.mr, sp = c.sp, tr = c.tr, h = c.h, cit = c.cit, jp = c.jp, o = c.o from zoo c
          where c.id = 13 - (a.id % 2) - 10 and a.id > 3;
        delete from zoo where id = 2;
        update zoo_full set s = 'changed' where id in (1, 3); delete from zoo_full where id in (2, 12)";
    for (number, (values, mode)) in WAYS.into_iter().enumerate() {
        let pair = bed.pair(&format!("zoo_{number}"), ZOO);
        let control = pair.claim();
        let mut applier = pair.applier(&control);
        for script in [ZOO_ROWS, script] {
            pair.source.run(script);
            pair.follow(&mut applier, values, mode)
                .unwrap_or_else(|error| panic!("{values:?} {mode:?}: {error}"));
            assert_eq!(pair.differences(), "", "{values:?} {mode:?}");
        }
    }
}

#[test]
fn without_privileges_everything_is_done_in_order() {
    let bed = Bed::start();
    let pair = bed.pair(
        "plain_user",
        "create table parent (id int primary key); create table child (id int primary key, parent int references parent)",
    );
    pair.target.run(
        "create role plain login; grant create on database plain_user_target to plain; grant all on all tables in schema public to plain",
    );
    let mut settings = pair.settings();
    settings.user = "plain".to_owned();
    let control = pair.take_over(&settings, Duration::from_secs(5));
    let connected = Applier::connect(&settings, control.lease(), Durability::Later);
    let mut applier = pair.run(connected).expect("an applier can connect");
    assert!(!applier.is_replica());
    pair.source.run(
        "begin; insert into parent values (1); insert into child values (1, 1); insert into parent values (2); update child set parent = 2; \
         delete from parent where id = 1; commit",
    );
    pair.follow(&mut applier, Values::Binary, Mode::InOrder)
        .expect("the source's order is allowed");
    assert_eq!(pair.differences(), "");
}

#[test]
fn other_types_at_the_target_take_the_values() {
    let bed = Bed::start();
    for (number, (values, mode)) in WAYS.into_iter().enumerate() {
        let pair = bed.pair(&format!("types_{number}"), "create schema s");
        pair.source
            .run("create table t (id int primary key, a int, b text, c timestamp, d varchar(10))");
        pair.target.run("create table t (id bigint primary key, a text, b varchar, c date, d text, more int default 5)");
        let control = pair.claim();
        let mut applier = pair.applier(&control);
        pair.source.run(
            "insert into t select i, i, 'b' || i, '2020-01-01 10:00', 'd' from generate_series(1, 40) i; insert into t values (41, 1, 'x', null, 'y')",
        );
        pair.follow(&mut applier, values, mode)
            .expect("the values can be taken");
        pair.source.run("update t set a = a + 1 where id < 20; delete from t where id > 30; update t set b = 'z' where id = 25");
        pair.follow(&mut applier, values, mode)
            .expect("the values can be taken");
        let query =
            "select string_agg(concat_ws(',', id, a, b, c::date, d), ' ' order by id) from t";
        assert_eq!(
            pair.target.one(query),
            pair.source.one(query),
            "{values:?} {mode:?}"
        );
        assert_eq!(
            pair.target.one("select count(*) from t where more = 5"),
            "30"
        );
    }
}

#[test]
fn an_identity_that_is_not_the_key_can_change() {
    let bed = Bed::start();
    let pair = bed.pair(
        "pinned",
        "create table u (code text primary key, id int generated always as identity, v int)",
    );
    let control = pair.claim();
    let mut applier = pair.applier(&control);
    pair.source
        .run("insert into u (code, v) select i, i from generate_series(1, 20) i");
    pair.follow(&mut applier, Values::Binary, Mode::Net)
        .expect("these are only inserts");
    pair.source
        .run("update u set v = 0 where v < 5; update u set id = default where v > 10");
    let piece = pair.changes(Values::Binary);
    let bindings = pair.bindings(&piece);
    let plan = plan(&piece, 0..piece.changes.len(), &bindings, Mode::Net);
    let changes = 0..piece.changes.len();
    let mut policies = Policies::new(TaskSettings::default().errors);
    pair.run(async {
        applier.begin();
        let applied = match applier.apply(&piece, &plan, &bindings).await {
            Ok(()) => applier.flush().await,
            Err(error) => Err(error),
        };
        let error = applied.expect_err("an update can't write the identity");
        assert!(error.is_about_changes(), "{error}");
        applier.rollback().await.expect("the session is usable");
        applier.begin();
        let outcome = applier
            .careful(&piece, changes, &bindings, &mut policies)
            .await
            .expect("one by one they can be applied");
        assert!(outcome.exceptions.is_empty(), "{outcome:?}");
        applier.commit(&checkpoint(&piece)).await
    })
    .expect("it can be committed");
    assert_eq!(pair.differences(), "");
}
