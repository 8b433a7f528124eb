//! What a message costs on its way from the socket's bytes to a piece.
//!
//! `cargo bench -p replication --bench assembler` prints nanoseconds; one argument runs only the benchmarks whose names contain it.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a benchmark reads the clock and prints"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use pgoutput::Lsn;
use replication::assembler::{Assembler, Settings};
use replication::piece::Delivery;

#[path = "../tests/support/mod.rs"]
mod support;

use support::Writer;

fn main() {
    let filter = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let benchmarks = [
        ("TPC-B transactions", bank(20_000)),
        ("transactions of a single insert", single(50_000)),
        ("one transaction of inserts", large(200_000)),
    ];
    for (name, writer) in benchmarks {
        if filter
            .as_ref()
            .is_none_or(|filter| name.contains(filter.as_str()))
        {
            measure(name, &writer);
        }
    }
}

/// Three updates and an insert in each.
fn bank(transactions: u64) -> Writer {
    let mut writer = Writer::default();
    for number in 0..transactions {
        let (lsn, id) = (1000 + number * 100, number.to_string());
        writer.begin(number as u32, lsn);
        if number == 0 {
            for (table, key) in [(1, "aid"), (2, "tid"), (3, "bid")] {
                let columns = [
                    (key, true),
                    ("bid", false),
                    ("balance", false),
                    ("filler", false),
                ];
                writer.relation(table, key, b'd', &columns);
            }
            let columns = ["tid", "bid", "aid", "delta", "mtime", "filler"];
            writer.relation(4, "history", b'd', &columns.map(|name| (name, false)));
        }
        let filler = " ".repeat(84);
        writer.update(1, None, &[&id, "1", "-4711", &filler]);
        writer.update(2, None, &[&id, "1", "815", "~"]);
        writer.update(3, None, &["1", "1", "123456", "~"]);
        writer.insert(
            4,
            &[&id, "1", &id, "-12", "2026-11-22 10:00:00.123456", "~"],
        );
        writer.commit(lsn, lsn + 50);
    }
    writer
}

fn single(transactions: u64) -> Writer {
    let mut writer = Writer::default();
    for number in 0..transactions {
        let lsn = 1000 + number * 100;
        writer.begin(number as u32, lsn);
        if number == 0 {
            writer.relation(1, "t", b'd', &[("id", true), ("note", false)]);
        }
        writer.insert(1, &[&number.to_string(), "a note of some length"]);
        writer.commit(lsn, lsn + 50);
    }
    writer
}

fn large(rows: u64) -> Writer {
    let mut writer = Writer::default();
    writer.begin(1, 1000);
    writer.relation(1, "t", b'd', &[("id", true), ("note", false)]);
    for number in 0..rows {
        writer.insert(1, &[&number.to_string(), "a note of some length"]);
    }
    writer.commit(1000, 1050);
    writer
}

fn measure(name: &str, writer: &Writer) {
    let messages = writer.messages();
    let mut frames = Vec::new();
    for gulp in messages.chunks(1500) {
        frames.push(Bytes::from(gulp.concat()));
    }
    let mut best = Duration::MAX;
    let mut changes = 0;
    for _ in 0..15 {
        let mut assembler = Assembler::new(Settings {
            checkpoint: Lsn(0),
            piece_bytes: 8 << 20,
            message_prefixes: Vec::new(),
        });
        let started = Instant::now();
        changes = 0;
        for frame in &frames {
            assembler
                .read(frame.clone())
                .expect("the stream is well formed");
            while assembler.waiting() > 1 << 20
                && let Some(delivery) = assembler.take()
            {
                changes += count(&black_box(delivery));
            }
        }
        while let Some(delivery) = assembler.take() {
            changes += count(&black_box(delivery));
        }
        best = best.min(started.elapsed());
    }
    let nanoseconds = best.as_nanos();
    println!(
        "{name}: {} ns per message, {} ns per change",
        nanoseconds / messages.len() as u128,
        nanoseconds / changes as u128
    );
}

fn count(delivery: &Delivery) -> usize {
    match delivery {
        Delivery::Piece(piece) => piece.changes.len(),
        _ => 0,
    }
}
