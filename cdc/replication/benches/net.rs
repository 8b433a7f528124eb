//! What planning the net changes of a large piece costs.
//!
//! `cargo bench -p replication --bench net` prints nanoseconds; one argument runs only the benchmarks whose names contain it.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a benchmark reads the clock and prints"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pgoutput::Lsn;
use replication::assembler::{Assembler, Settings};
use replication::binding::Binding;
use replication::dependency::Footprint;
use replication::net::{Mode, plan};
use replication::piece::{Delivery, Piece};
use replication::relation::Relation;
use replication::table::{TargetColumn, TargetTable};

#[path = "../tests/support/mod.rs"]
mod support;

use support::{Old, Writer};

const ROWS: u64 = 1_000_000;

type Write = fn() -> Writer;

fn main() {
    let filter = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let benchmarks: [(&str, Write); 5] = [
        ("a million inserts", inserts),
        ("a million updates of as many keys", || updates(ROWS)),
        ("a million updates of ten thousand keys", || updates(10_000)),
        ("TPC-B, 250 thousand transactions", bank),
        ("half a million rows that come and go", come_and_go),
    ];
    for (name, write) in benchmarks {
        if filter
            .as_ref()
            .is_none_or(|filter| name.contains(filter.as_str()))
        {
            measure(name, &piece(write()));
        }
    }
}

fn start(writer: &mut Writer) {
    writer.begin(1, 1000);
    for table in 1..=3 {
        let columns = [
            ("id", true),
            ("bid", false),
            ("balance", false),
            ("filler", false),
        ];
        writer.relation(table, &format!("t{table}"), b'd', &columns);
    }
    let columns = ["tid", "bid", "aid", "delta", "mtime", "filler"];
    writer.relation(4, "history", b'd', &columns.map(|name| (name, false)));
}

/// All keys once, and again, in an order that is none.
fn scattered(number: u64, keys: u64) -> String {
    const PRIME: u64 = 2_147_483_647;
    (number * PRIME % keys).to_string()
}

fn inserts() -> Writer {
    let mut writer = Writer::default();
    start(&mut writer);
    for number in 0..ROWS {
        writer.insert(
            1,
            &[&number.to_string(), "1", "4711", "a note of some length"],
        );
    }
    writer
}

fn updates(keys: u64) -> Writer {
    let mut writer = Writer::default();
    start(&mut writer);
    for number in 0..ROWS {
        let key = scattered(number, keys);
        writer.update(1, None, &[&key, "1", "4711", "a note of some length"]);
    }
    writer
}

fn bank() -> Writer {
    let mut writer = Writer::default();
    start(&mut writer);
    let filler = " ".repeat(84);
    for number in 0..ROWS / 4 {
        let account = scattered(number, 1_000_000);
        let (teller, branch) = (scattered(number, 100), scattered(number, 10));
        writer.update(1, None, &[&account, "1", "-4711", &filler]);
        writer.update(2, None, &[&teller, "1", "815", "~"]);
        writer.update(3, None, &[&branch, "1", "123456", "~"]);
        writer.insert(
            4,
            &[
                &teller,
                "1",
                &account,
                "-12",
                "2026-11-22 10:00:00.123456",
                "~",
            ],
        );
    }
    writer
}

fn come_and_go() -> Writer {
    let mut writer = Writer::default();
    start(&mut writer);
    for number in 0..ROWS / 2 {
        let key = number.to_string();
        writer.insert(1, &[&key, "1", "4711", "a note of some length"]);
        if number > 1000 {
            let key = (number - 1000).to_string();
            writer.delete(1, Old::Key(&[&key, "~", "~", "~"]));
        }
    }
    writer
}

fn piece(mut writer: Writer) -> Piece {
    writer.commit(1000, 1050);
    let mut assembler = Assembler::new(Settings {
        checkpoint: Lsn(0),
        piece_bytes: usize::MAX,
        message_prefixes: Vec::new(),
    });
    assembler
        .read(writer.frame())
        .expect("the stream is well formed");
    match assembler.take() {
        Some(Delivery::Piece(piece)) => piece,
        _ => Piece::default(),
    }
}

/// A target table with the same columns, whose primary key is the identity.
fn binding(relation: &Arc<Relation>) -> Option<Arc<Binding>> {
    let columns = relation.columns.iter();
    let table = TargetTable {
        name: relation.name.clone(),
        columns: columns
            .map(|column| TargetColumn {
                name: column.name.clone(),
                type_name: "text".to_owned(),
                type_id: 25,
                not_null: column.key,
                generated: false,
                identity_always: false,
                comparable: true,
            })
            .collect(),
        primary_key: (0..relation.columns.len())
            .filter(|&column| relation.columns[column].key)
            .collect(),
        unique_indexes: Vec::new(),
        other_constraints: false,
        triggers_fire: false,
    };
    Binding::new(Arc::clone(relation), Arc::new(table))
        .ok()
        .map(Arc::new)
}

fn measure(name: &str, piece: &Piece) {
    let bindings: Vec<Option<Arc<Binding>>> = piece.relations.iter().map(binding).collect();
    let changes = piece.changes.len();
    let planned = best(|| {
        black_box(plan(piece, 0..changes, &bindings, Mode::Net));
    });
    let footprint = best(|| {
        black_box(Footprint::of(piece, &bindings));
    });
    println!(
        "{name}: plan {} ns, footprint {} ns per change",
        planned.as_nanos() / changes as u128,
        footprint.as_nanos() / changes as u128
    );
}

fn best(run: impl Fn()) -> Duration {
    let once = || {
        let started = Instant::now();
        run();
        started.elapsed()
    };
    (0..7).map(|_| once()).min().unwrap_or_default()
}
