use std::time::Duration;

use tempfile::TempDir;

use super::{Direction, From, LogStore, Query, Seen};

const MILLI: i64 = 1_000_000;

fn store(bytes: u64) -> (TempDir, LogStore) {
    let home = TempDir::new().unwrap();
    let store = LogStore::open(home.path().join("logs"), bytes).unwrap();
    (home, store)
}

/// Lines 0, 1, … at the times 0 ms, 1 ms, ….
fn fill(store: &LogStore, stream: &str, lines: std::ops::Range<i64>) {
    let mut writer = store.writer(stream).unwrap();
    for line in lines {
        writer
            .append(line * MILLI, format!("line {line}").as_bytes())
            .unwrap();
    }
}

fn check(store: &LogStore, query: Query, expected: &[i64]) {
    let page = store.read("a/b", &query).unwrap().unwrap();
    let texts: Vec<String> = page
        .entries
        .iter()
        .map(|entry| entry.text.clone())
        .collect();
    let expected: Vec<String> = expected.iter().map(|line| format!("line {line}")).collect();
    assert_eq!(texts, expected, "{query:?}");
}

#[test]
fn a_stream_is_read_from_any_place_in_both_directions() {
    let (_home, store) = store(1 << 20);
    fill(&store, "a/b", 0..10);
    let all = Query::default();
    let back = Query {
        from: From::End,
        direction: Direction::Backward,
        ..all
    };
    check(&store, all, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    check(&store, Query { limit: 2, ..all }, &[0, 1]);
    check(&store, Query { limit: 2, ..back }, &[8, 9]);
    check(&store, Query { bytes: 13, ..all }, &[0, 1]);
    check(&store, Query { bytes: 1, ..all }, &[0]);
    check(&store, Query { bytes: 13, ..back }, &[8, 9]);
    check(
        &store,
        Query {
            from: From::End,
            ..all
        },
        &[],
    );
    check(
        &store,
        Query {
            from: From::Start,
            ..back
        },
        &[],
    );
    let time = Query {
        start_time: Some(3),
        end_time: Some(6),
        ..all
    };
    check(&store, time, &[3, 4, 5]);
    check(&store, Query { limit: 1, ..time }, &[3]);
    let time = Query {
        start_time: Some(3),
        end_time: Some(6),
        ..back
    };
    check(&store, time, &[3, 4, 5]);
    check(&store, Query { limit: 1, ..time }, &[5]);
    check(
        &store,
        Query {
            start_time: Some(11),
            ..all
        },
        &[],
    );
    // From page to page, forward and back again.
    let mut from = From::Start;
    for first in [0, 3, 6] {
        let query = Query {
            from,
            limit: 3,
            ..all
        };
        check(&store, query, &[first, first + 1, first + 2]);
        from = From::Offset(store.read("a/b", &query).unwrap().unwrap().next);
    }
    for last in [8, 5, 2] {
        let query = Query {
            from,
            direction: Direction::Backward,
            limit: 3,
            ..all
        };
        check(&store, query, &[last - 2, last - 1, last]);
        from = From::Offset(store.read("a/b", &query).unwrap().unwrap().start);
    }
    assert_eq!(store.last_lines("a/b", 2, 100), ["line 8", "line 9"]);
    assert_eq!(store.read("none", &all).unwrap(), None);
}

#[test]
fn a_stream_is_bounded_and_its_offsets_stay() {
    let (_home, store) = store(8192);
    let mut writer = store.writer("a/b").unwrap();
    let mut marks = Vec::new();
    for line in 0..2000_i64 {
        let summary = store.summary("a/b").unwrap().unwrap();
        marks.push(summary.end);
        writer
            .append(line * MILLI, format!("line {line}").as_bytes())
            .unwrap();
        writer.flush().unwrap();
    }
    let page = store.read("a/b", &Query::default()).unwrap().unwrap();
    let count = page.entries.len();
    assert!((200..600).contains(&count), "{count}");
    assert_eq!(page.entries.last().unwrap().text, "line 1999");
    for entry in &page.entries {
        assert_eq!(
            marks[usize::try_from(entry.timestamp()).unwrap()],
            entry.offset
        );
    }
    let mut backward = Query {
        from: From::End,
        direction: Direction::Backward,
        limit: 7,
        ..Query::default()
    };
    let mut texts = Vec::new();
    loop {
        let page = store.read("a/b", &backward).unwrap().unwrap();
        if page.entries.is_empty() {
            break;
        }
        backward.from = From::Offset(page.start);
        texts.extend(page.entries.into_iter().rev().map(|entry| entry.text));
    }
    texts.reverse();
    let forward: Vec<String> = page
        .entries
        .iter()
        .map(|entry| entry.text.clone())
        .collect();
    assert_eq!(texts, forward);
    // An offset that is gone is the oldest that is there.
    let from = From::Offset(marks[1]);
    let gone = store.read(
        "a/b",
        &Query {
            from,
            limit: 1,
            ..Query::default()
        },
    );
    assert_eq!(gone.unwrap().unwrap().entries[0], page.entries[0]);
    let bytes: u64 = std::fs::read_dir(store.directory().join("a"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(bytes < 8192 + 200, "{bytes}");
}

#[test]
fn a_writer_goes_on_after_a_crash() {
    let (_home, store) = store(1 << 20);
    fill(&store, "a/b", 0..3);
    let path = store.directory().join("a/b.log");
    let mut text = std::fs::read(&path).unwrap();
    text.extend_from_slice(b"3000000 torn");
    std::fs::write(&path, text).unwrap();
    let back = Query {
        from: From::End,
        direction: Direction::Backward,
        ..Query::default()
    };
    check(&store, Query::default(), &[0, 1, 2]);
    check(&store, back, &[0, 1, 2]);
    let next = store.read("a/b", &back).unwrap().unwrap().next;
    fill(&store, "a/b", 3..5);
    check(&store, Query::default(), &[0, 1, 2, 3, 4]);
    check(
        &store,
        Query {
            from: From::Offset(next),
            ..Query::default()
        },
        &[3, 4],
    );
    // Between the two renames.
    std::fs::rename(&path, path.with_extension("old")).unwrap();
    check(&store, Query::default(), &[0, 1, 2, 3, 4]);
    fill(&store, "a/b", 5..6);
    check(&store, Query::default(), &[0, 1, 2, 3, 4, 5]);
}

#[test]
fn lines_of_all_kinds_are_kept() {
    let (_home, store) = store(4 << 20);
    let mut writer = store.writer("x").unwrap();
    let long = "ü".repeat(200_000);
    for line in ["", "a\r", "two\nlines", " space ", &long] {
        writer.append(MILLI, line.as_bytes()).unwrap();
    }
    writer.append(MILLI, b"\xff").unwrap();
    drop(writer);
    let query = Query {
        bytes: usize::MAX,
        ..Query::default()
    };
    let page = store.read("x", &query).unwrap().unwrap();
    let texts: Vec<&str> = page
        .entries
        .iter()
        .map(|entry| entry.text.as_str())
        .collect();
    assert_eq!(texts[..5], ["", "a", "two", "lines", " space "]);
    assert_eq!(texts[5..texts.len() - 1].concat(), long);
    assert_eq!(texts.last(), Some(&"\u{fffd}"));
}

#[test]
fn streams_are_listed_by_prefix_and_removed() {
    let (_home, store) = store(1 << 20);
    for stream in [
        "a/default/1",
        "a/default/2",
        "a-b/default/1",
        "a",
        "../up",
        ".hidden",
        "a.log/x",
        "ü/ö",
    ] {
        fill(&store, stream, 1..3);
    }
    let names = |prefix: &str, after: Option<&str>, limit: usize| -> Vec<String> {
        let list = store.list(prefix, after, limit).unwrap();
        list.into_iter().map(|summary| summary.stream).collect()
    };
    let all = [
        "../up",
        ".hidden",
        "a",
        "a-b/default/1",
        "a.log/x",
        "a/default/1",
        "a/default/2",
        "ü/ö",
    ];
    assert_eq!(names("", None, 100), all);
    assert_eq!(names("a/", None, 100), ["a/default/1", "a/default/2"]);
    assert_eq!(names("a/def", None, 100), ["a/default/1", "a/default/2"]);
    assert_eq!(names("a/default/2", None, 100), ["a/default/2"]);
    assert_eq!(names("a", None, 2), ["a", "a-b/default/1"]);
    assert_eq!(
        names("", Some("a.log/x"), 2),
        ["a/default/1", "a/default/2"]
    );
    assert_eq!(names("nothing/", None, 100), Vec::<String>::new());
    let summary = store.summary("a/default/1").unwrap().unwrap();
    assert_eq!((summary.first, summary.last), (Some(1), Some(2)));
    assert!(summary.created_at > 1_600_000_000_000);
    for stream in all {
        store.remove(stream).unwrap();
        store.remove(stream).unwrap();
    }
    assert_eq!(names("", None, 100), Vec::<String>::new());
    assert_eq!(std::fs::read_dir(store.directory()).unwrap().count(), 0);
}

#[test]
fn lines_that_are_there_already_are_told_apart() {
    let (_home, store) = store(1 << 20);
    let second = 1_000_000_000;
    let mut writer = store.writer("x").unwrap();
    for (time, text) in [(1, "old"), (9, "b"), (8, "a"), (9, "same"), (9, "same")] {
        writer.append(time * second, text.as_bytes()).unwrap();
    }
    drop(writer);
    let mut seen = Seen::of(&store, "x").unwrap();
    assert_eq!(seen.since(), 6);
    let mut new = |time: i64, text: &str| seen.is_new(time * second, text.as_bytes());
    assert!(!new(1, "old"));
    assert!(!new(8, "a") && !new(9, "b") && !new(9, "same") && !new(9, "same"));
    assert!(new(9, "same") && new(9, "other") && new(8, "b") && new(10, "a"));
    let mut nothing = Seen::of(&store, "none").unwrap();
    assert_eq!(nothing.since(), 0);
    assert!(nothing.is_new(0, b""));
}

#[tokio::test]
async fn a_stream_is_followed_while_it_grows() {
    let (_home, store) = store(1 << 20);
    let grown = tokio::spawn({
        let store = store.clone();
        async move { store.grown("a/b", 0).await }
    });
    fill(&store, "a/b", 0..3);
    tokio::time::timeout(Duration::from_secs(30), grown)
        .await
        .unwrap()
        .unwrap();
    let end = store.summary("a/b").unwrap().unwrap().end;
    let more = store.grown("a/b", end);
    assert!(
        tokio::time::timeout(Duration::from_millis(300), more)
            .await
            .is_err()
    );
}
