//! Ten thousand schedules rest without costing anything: a day of them is as many commits as there are times to fire and answers to note.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt, ready};
use schedule::definition::{
    ActionAfterCompletion, Definition, FlexibleTimeWindow, Target, Wanted, WindowMode,
};
use schedule::expression::Mistake;
use schedule::names::{ScheduleName, mixed};
use schedule::state::Stop;
use schedule::step::{Accepted, Outcome};
use schedule_runtime::clock::Clock;
use schedule_runtime::requests::NewSchedule;
use schedule_runtime::schedules::{Options, Schedules};
use schedule_runtime::targets::{Call, Refusal, Targets};
use store::memory::MemoryStore;

const SCHEDULES: u64 = 10_000;

/// Takes every call, and counts those of each run.
#[derive(Clone, Default)]
struct Counting(Arc<Mutex<BTreeMap<String, u32>>>);

impl Targets for Counting {
    fn check(&self, _: &Target) -> Result<(), Mistake> {
        Ok(())
    }

    fn call(&self, call: Call) -> BoxFuture<'static, Result<Accepted, Refusal>> {
        *self.0.lock().unwrap().entry(call.run).or_default() += 1;
        ready(Ok(Accepted::default())).boxed()
    }

    fn ended(&self, _: &str, _: &str) -> BoxFuture<'static, Outcome> {
        ready(Outcome::Started).boxed()
    }

    fn stop(&self, _: &str, _: &str, _: Stop) -> BoxFuture<'static, Result<(), String>> {
        ready(Ok(())).boxed()
    }
}

fn schedule(number: u64) -> NewSchedule {
    let minute = mixed(number) % 1440;
    NewSchedule {
        name: ScheduleName::new(None, &format!("s{number}")),
        definition: Definition {
            schedule_expression: format!("cron({} {} * * ? *)", minute % 60, minute / 60),
            schedule_expression_timezone: Some("Europe/Berlin".to_owned()),
            start_date: None,
            end_date: None,
            description: None,
            state: Wanted::Enabled,
            kms_key_arn: None,
            target: Target {
                arn: "arn:aws:states:us-east-1:000000000000:stateMachine:any".to_owned(),
                role_arn: "arn:aws:iam::000000000000:role/tests".to_owned(),
                dead_letter_config: None,
                retry_policy: None,
                input: None,
                others: serde_json::Map::new(),
            },
            flexible_time_window: FlexibleTimeWindow {
                mode: WindowMode::Off,
                maximum_window_in_minutes: None,
            },
            action_after_completion: ActionAfterCompletion::None,
        },
        policies: None,
        client_token: None,
    }
}

#[test]
fn ten_thousand_schedules_cost_their_firings_only() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let (store, counting) = (MemoryStore::new(), Counting::default());
        let options = Options {
            clock: Clock::simulated(1_795_478_400_000),
            ..Options::default()
        };
        let opened = Schedules::open(
            Arc::new(store.clone()),
            Arc::new(counting.clone()),
            options.clone(),
        );
        let schedules = opened.await.unwrap();
        let created = (0..SCHEDULES).map(|number| schedules.create(schedule(number)));
        for view in futures_util::future::join_all(created).await {
            view.unwrap();
        }
        schedules.close().await;
        // The next process reads them all once.
        let opened = Schedules::open(Arc::new(store.clone()), Arc::new(counting.clone()), options);
        let schedules = opened.await.unwrap();
        let before = store.commits();
        tokio::time::sleep(Duration::from_secs(86_400)).await;
        let commits = store.commits() - before;
        let calls = counting.0.lock().unwrap().clone();
        assert_eq!(calls.len() as u64, SCHEDULES);
        assert!(calls.values().all(|count| *count == 1));
        // One for all that are due at a minute, and some for the answers to their calls.
        assert!(commits <= 4 * 1440, "{commits} commits");
        schedules.close().await;
    });
}
