//! Two copies of one task: only the later one writes.

use std::time::Duration;

use endpoint::Error;
use endpoint::target::ApplyError;
use replication::net::{Mode, plan};

use crate::bed::{Bed, Values, checkpoint};

#[test]
fn a_transaction_in_flight_of_the_former_owner_fails() {
    let bed = Bed::start();
    let pair = bed.pair("in_flight", "create table t (id int primary key)");
    let first = pair.claim();
    let mut zombie = pair.applier(&first);
    pair.source.run("insert into t values (1)");
    let piece = pair.changes(Values::Binary);
    let bindings = pair.bindings(&piece);
    let plan = plan(&piece, 0..piece.changes.len(), &bindings, Mode::Net);
    pair.run(async {
        zombie.begin();
        zombie.apply(&piece, &plan, &bindings).await?;
        zombie.flush().await
    })
    .expect("the first owner may write");
    // A later owner under another session name: it can't know the first one's sessions.
    let mut settings = pair.settings();
    settings.application_name = "somebody else".to_owned();
    let second = pair.take_over(&settings, Duration::from_millis(100));
    assert_eq!(second.lease().epoch, 2);
    let outcome = pair.run(zombie.commit(&checkpoint(&piece)));
    assert!(
        matches!(outcome, Err(ApplyError::Endpoint(Error::Fenced { .. }))),
        "{outcome:?}"
    );
    assert_eq!(pair.target.one("select count(*) from t"), "0");
    pair.run(zombie.rollback())
        .expect("the session still is usable");
    assert!(pair.run(first.check()).is_err());
    pair.run(second.check()).expect("the second is the owner");
    // The second applies it.
    let mut applier = pair.applier(&second);
    pair.run(async {
        applier.begin();
        applier.apply(&piece, &plan, &bindings).await?;
        applier.commit(&checkpoint(&piece)).await
    })
    .expect("the second owner may write");
    assert_eq!(pair.differences(), "");
}

#[test]
fn sessions_of_a_former_owner_are_ended() {
    let bed = Bed::start();
    let pair = bed.pair("ended", "create table t (id int primary key)");
    let first = pair.claim();
    let mut zombie = pair.applier(&first);
    pair.run(async {
        zombie.begin();
        zombie.execute("insert into public.t values (1)").await
    })
    .expect("the first owner may write");
    let second = pair.take_over(&pair.settings(), Duration::from_millis(100));
    let outcome = pair.run(zombie.execute("insert into public.t values (2)"));
    let error = outcome.expect_err("its session was ended");
    assert!(error.is_retryable(), "{error}");
    assert_eq!(pair.target.one("select count(*) from t"), "0");
    let error = pair.run(first.check()).expect_err("its session was ended");
    assert!(
        error.is_retryable() || matches!(error, Error::Fenced { .. }),
        "{error}"
    );
    drop(second);
}

#[test]
fn an_owner_that_is_gone_costs_no_waiting() {
    let bed = Bed::start();
    let pair = bed.pair("gone", "create table t (id int primary key)");
    let first = pair.claim();
    pair.run(first.close());
    let before = std::time::Instant::now();
    let second = pair.take_over(&pair.settings(), Duration::from_secs(600));
    assert!(before.elapsed() < Duration::from_secs(60));
    assert_eq!(second.lease().epoch, 2);
}
