//! Streams in a small notation, and what is delivered.
//!
//! One message a line; a row is its values, `~` is null and `?` unchanged. `take` asks for all that is ready, `frame` begins another
//! frame, `set piece 100` and `set checkpoint 100` come first. A commit at 100 ends at 108.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

mod prepared;
mod progress;
mod relations;
#[path = "../support/mod.rs"]
mod support;
mod tell;
mod whole;

use std::fmt::Write as _;

use expect_test::Expect;
use pgoutput::Lsn;
use replication::assembler::{Assembler, Settings};

use support::Writer;
use support::notation::write;
use tell::tell;

pub(crate) fn check(notation: &str, expected: Expect) {
    expected.assert_eq(&run(notation));
}

fn run(notation: &str) -> String {
    let mut settings = Settings {
        checkpoint: Lsn(0),
        piece_bytes: 1 << 20,
        message_prefixes: vec!["kept".to_owned()],
    };
    let mut assembler = None;
    let mut writer = Writer::default();
    let mut told = String::new();
    for line in notation
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["set", "piece", bytes] => settings.piece_bytes = bytes.parse().unwrap(),
            ["set", "checkpoint", lsn] => settings.checkpoint = Lsn(lsn.parse().unwrap()),
            ["take" | "frame"] => {
                let assembler = assembler.get_or_insert_with(|| Assembler::new(settings.clone()));
                let xid = writer.xid;
                if let Err(error) = assembler.read(std::mem::take(&mut writer).frame()) {
                    writeln!(told, "{error}").unwrap();
                    return told;
                }
                writer.xid = xid;
                if line == "take" {
                    take(assembler, &mut told);
                }
            }
            _ => write(&words, &mut writer),
        }
    }
    told
}

fn take(assembler: &mut Assembler, told: &mut String) {
    loop {
        let ready = assembler.is_ready();
        let delivery = assembler.take();
        assert_eq!(ready, delivery.is_some());
        match delivery {
            None => return,
            Some(delivery) => tell(&delivery, told),
        }
    }
}
