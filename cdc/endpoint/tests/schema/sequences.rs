//! Values of sequences go from one side to the other.

use endpoint::schema::definition::Schema;
use endpoint::schema::sequences::{read_sequences, set_sequences};
use expect_test::expect;
use replication::mapping::Selection;

use crate::bench::{Bench, block_on, run};

#[test]
fn values_are_carried_over() {
    let bench = Bench::start();
    block_on(async {
        let pair = bench.pair("sequences").await;
        run(
            &pair.source,
            "create schema s; create table s.t (a serial, b bigint generated always as identity, c int); create sequence s.shared increment by -3;
             alter table s.t alter c set default nextval('s.shared'); create sequence s.alone; create table s.\"N\"\"n\" (\"I'd\" serial);
             insert into s.t default values; insert into s.t default values; select nextval('s.\"N\"\"n_I''d_seq\"'); select setval('s.t_b_seq', 70, false)",
        )
        .await;
        // At the target one has another name, and one is missing.
        run(
            &pair.target,
            "create schema s; create table s.t (a int, b bigint generated always as identity, c int); create sequence s.other owned by s.t.a;
             create table s.\"N\"\"n\" (\"I'd\" serial)",
        )
        .await;
        let schema = Schema::read(&pair.source, &Selection::everything(), &[])
            .await
            .expect("it can be read");
        let values = read_sequences(&pair.source, &schema)
            .await
            .expect("they can be read");
        let missing = set_sequences(&pair.target, &values)
            .await
            .expect("they can be set");
        let mut text = format!("{values:#?}\nmissing {missing:?}\n");
        for name in [r#"s.other"#, "s.t_b_seq", r#"s."N""n_I'd_seq""#] {
            let row = pair
                .target
                .query_one(&format!("select last_value, is_called from {name}"), &[])
                .await
                .expect("it is there");
            text.push_str(&format!(
                "{name} {} {}\n",
                row.get::<_, i64>(0),
                row.get::<_, bool>(1)
            ));
        }
        expect![[r#"
            [
                SequenceValue {
                    name: TableName {
                        schema: "s",
                        table: "N\"n_I'd_seq",
                    },
                    owner: Some(
                        (
                            TableName {
                                schema: "s",
                                table: "N\"n",
                            },
                            "I'd",
                        ),
                    ),
                    last_value: 1,
                    is_called: true,
                },
                SequenceValue {
                    name: TableName {
                        schema: "s",
                        table: "shared",
                    },
                    owner: None,
                    last_value: -4,
                    is_called: true,
                },
                SequenceValue {
                    name: TableName {
                        schema: "s",
                        table: "t_a_seq",
                    },
                    owner: Some(
                        (
                            TableName {
                                schema: "s",
                                table: "t",
                            },
                            "a",
                        ),
                    ),
                    last_value: 2,
                    is_called: true,
                },
                SequenceValue {
                    name: TableName {
                        schema: "s",
                        table: "t_b_seq",
                    },
                    owner: Some(
                        (
                            TableName {
                                schema: "s",
                                table: "t",
                            },
                            "b",
                        ),
                    ),
                    last_value: 70,
                    is_called: false,
                },
            ]
            missing [TableName { schema: "s", table: "shared" }]
            s.other 2 true
            s.t_b_seq 70 false
            s."N""n_I'd_seq" 1 true
        "#]]
        .assert_eq(&text);
    });
}
