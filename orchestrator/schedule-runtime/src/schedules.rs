//! The front door: everything that a caller can ask of schedules.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use schedule::definition::{Overlap, Policies};
use schedule::names::{self, ScheduleName};
use store::contract::{Commit, Store, Write};
use store::records::Tag;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::book::Book;
use crate::clock::Clock;
use crate::driver::{Driver, Message};
use crate::effects::{Counters, Effects};
use crate::error::Error;
use crate::operations::{Reply, Request};
use crate::records::{self, DeadLetter};
use crate::requests::{BackfillRange, NewSchedule, ScheduleFilter};
use crate::targets::Targets;
use crate::views::{GroupView, Page, ScheduleSummary, ScheduleView, Triggered};

/// How schedules are set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// The region of every ARN.
    pub region: Arc<str>,
    /// The account of every ARN.
    pub account: Arc<str>,
    /// Where time comes from.
    pub clock: Clock,
    /// The most schedules.
    pub schedules: usize,
    /// The most groups.
    pub groups: usize,
    /// The most tags of a group.
    pub tags: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            region: "us-east-1".into(),
            account: "000000000000".into(),
            clock: Clock::real(),
            schedules: 1_000_000,
            groups: 500,
            tags: 50,
        }
    }
}

/// Schedules at work. Clones share them.
#[derive(Clone)]
pub struct Schedules {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn Store>,
    options: Options,
    inbox: mpsc::Sender<Message>,
    counters: Arc<Counters>,
    closing: CancellationToken,
    tracker: TaskTracker,
    /// Makes a check of tags and its write one.
    tags: Mutex<()>,
}

/// How many messages wait for the driver before those who send more wait, too.
const INBOX: usize = 1024;

impl Schedules {
    /// Reads all schedules and begins to fire. Runs whose target may not have been called are called again, under the same name.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn open(
        store: Arc<dyn Store>,
        targets: Arc<dyn Targets>,
        options: Options,
    ) -> Result<Self, Error> {
        let book = Book::read(&*store, options.clone(), options.clock.now()).await?;
        let (sender, inbox) = mpsc::channel(INBOX);
        let closing = CancellationToken::new();
        let counters = Arc::new(Counters::default());
        let driver = Driver {
            book,
            store: store.clone(),
            clock: options.clock.clone(),
            inbox,
            effects: Effects::new(targets, sender.clone(), closing.clone(), counters.clone()),
            closing: closing.clone(),
        };
        let tracker = TaskTracker::new();
        tracker.spawn(driver.run());
        tracker.close();
        let shared = Shared {
            store,
            options,
            inbox: sender,
            counters,
            closing,
            tracker,
            tags: Mutex::new(()),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Fires no more and waits for what is being written. Calls in progress are dropped; they are made again after the next
    /// [`Schedules::open`].
    pub async fn close(&self) {
        self.shared.closing.cancel();
        self.shared.tracker.wait().await;
    }

    /// Makes a schedule. The same request with the same token again gives the same schedule.
    ///
    /// # Errors
    /// ScheduleExists, GroupDoesNotExist, Invalid, LimitExceeded, Store.
    pub async fn create(&self, new: NewSchedule) -> Result<ScheduleView, Error> {
        self.ask(|reply| Request::Create(Box::new(new), reply))
            .await
    }

    /// Replaces a schedule; absent policies stay as they are. With other times it begins anew: what was due and waits for its moment in
    /// the window is forgotten.
    ///
    /// # Errors
    /// ScheduleDoesNotExist, Invalid, Store.
    pub async fn update(&self, new: NewSchedule) -> Result<ScheduleView, Error> {
        self.ask(|reply| Request::Update(Box::new(new), reply))
            .await
    }

    /// Deletes a schedule. Runs that began go on. The same request with the same token again is no mistake.
    ///
    /// # Errors
    /// ScheduleDoesNotExist, Store.
    pub async fn delete(
        &self,
        name: &ScheduleName,
        client_token: Option<String>,
    ) -> Result<(), Error> {
        self.ask(|reply| Request::Delete(name.clone(), client_token, reply))
            .await
    }

    /// A schedule.
    ///
    /// # Errors
    /// ScheduleDoesNotExist.
    pub async fn get(&self, name: &ScheduleName) -> Result<ScheduleView, Error> {
        self.ask(|reply| Request::Get(name.clone(), reply)).await
    }

    /// A page of schedules in the order of group and name, after the `next` of the page before.
    ///
    /// # Errors
    /// GroupDoesNotExist.
    pub async fn list(
        &self,
        filter: ScheduleFilter,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<ScheduleSummary>, Error> {
        self.ask(|reply| Request::List(filter, after, limit, reply))
            .await
    }

    /// Changes how a schedule behaves beyond what AWS knows.
    ///
    /// # Errors
    /// ScheduleDoesNotExist, Invalid, Store.
    pub async fn set_policies(
        &self,
        name: &ScheduleName,
        policies: Policies,
    ) -> Result<ScheduleView, Error> {
        self.ask(|reply| Request::SetPolicies(name.clone(), policies, reply))
            .await
    }

    /// Lets a schedule fire no more, until [`Schedules::resume`].
    ///
    /// # Errors
    /// ScheduleDoesNotExist, Store.
    pub async fn pause(&self, name: &ScheduleName, why: &str) -> Result<ScheduleView, Error> {
        self.ask(|reply| Request::Pause(name.clone(), why.to_owned(), reply))
            .await
    }

    /// Lets a schedule fire again. What was due meanwhile is not made up for.
    ///
    /// # Errors
    /// ScheduleDoesNotExist, Store.
    pub async fn resume(&self, name: &ScheduleName) -> Result<ScheduleView, Error> {
        self.ask(|reply| Request::Resume(name.clone(), reply)).await
    }

    /// Runs a schedule now, whether it is paused or not.
    ///
    /// # Errors
    /// ScheduleDoesNotExist, Store.
    pub async fn trigger(
        &self,
        name: &ScheduleName,
        overlap: Option<Overlap>,
    ) -> Result<Triggered, Error> {
        self.ask(|reply| Request::Trigger(name.clone(), overlap, reply))
            .await
    }

    /// Runs a schedule for each of its times in the past between two instants; says how many these are.
    ///
    /// # Errors
    /// ScheduleDoesNotExist, Invalid, Store.
    pub async fn backfill(&self, name: &ScheduleName, range: BackfillRange) -> Result<u64, Error> {
        self.ask(|reply| Request::Backfill(name.clone(), range, reply))
            .await
    }

    /// Letters about calls that failed for good: those of one schedule, or all.
    ///
    /// # Errors
    /// Store.
    pub async fn dead_letters(
        &self,
        name: Option<&ScheduleName>,
    ) -> Result<Vec<DeadLetter>, Error> {
        let beginning = name.map_or(String::new(), |name| format!("{}/", name.key()));
        let found = self.shared.store.resources(records::DEAD_LETTER).await?;
        let found = found
            .iter()
            .filter(|letter| letter.name.starts_with(&beginning));
        Ok(found.map(records::read).collect::<Result<_, _>>()?)
    }

    /// Makes a group.
    ///
    /// # Errors
    /// GroupExists, Invalid, LimitExceeded, Store.
    pub async fn create_group(
        &self,
        name: &str,
        client_token: Option<String>,
    ) -> Result<GroupView, Error> {
        self.ask(|reply| Request::CreateGroup(name.to_owned(), client_token, reply))
            .await
    }

    /// Deletes a group with all its schedules. The same request with the same token again is no mistake.
    ///
    /// # Errors
    /// GroupDoesNotExist, Invalid, Store.
    pub async fn delete_group(
        &self,
        name: &str,
        client_token: Option<String>,
    ) -> Result<(), Error> {
        self.ask(|reply| Request::DeleteGroup(name.to_owned(), client_token, reply))
            .await
    }

    /// A group.
    ///
    /// # Errors
    /// GroupDoesNotExist.
    pub async fn get_group(&self, name: &str) -> Result<GroupView, Error> {
        self.ask(|reply| Request::GetGroup(name.to_owned(), reply))
            .await
    }

    /// A page of groups by name, after the `next` of the page before.
    ///
    /// # Errors
    /// Closed.
    pub async fn list_groups(
        &self,
        prefix: &str,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<GroupView>, Error> {
        self.ask(|reply| Request::ListGroups(prefix.to_owned(), after, limit, reply))
            .await
    }

    /// A group's tags.
    ///
    /// # Errors
    /// GroupDoesNotExist, Store.
    pub async fn tags(&self, group: &str) -> Result<Vec<Tag>, Error> {
        let group = self.get_group(group).await?;
        Ok(self.shared.store.tags(&group.arn).await?)
    }

    /// Changes a group's tags. No other change comes in between.
    ///
    /// # Errors
    /// GroupDoesNotExist, LimitExceeded, Store.
    pub async fn change_tags(
        &self,
        group: &str,
        change: impl FnOnce(&mut Vec<Tag>) + Send,
    ) -> Result<(), Error> {
        let _one = self.shared.tags.lock().await;
        let arn = self.get_group(group).await?.arn;
        let mut tags = self.shared.store.tags(&arn).await?;
        change(&mut tags);
        let limit = self.shared.options.tags;
        if tags.len() > limit {
            let what = "tags of a schedule group";
            return Err(Error::LimitExceeded { what, limit });
        }
        let arn = arn.into();
        let writes = vec![Write::PutTags { arn, tags }];
        Ok(self.shared.store.commit(Commit { writes }).await?)
    }

    /// The group of an ARN of this server.
    #[must_use]
    pub fn group_of_arn<'a>(&self, arn: &'a str) -> Option<&'a str> {
        let group = names::group_of_arn(arn)?;
        let options = &self.shared.options;
        let own = names::group_arn(&options.region, &options.account, group);
        (own == arn).then_some(group)
    }

    /// The account of every ARN.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.shared.options.account
    }

    /// Figures in Prometheus's text format.
    #[must_use]
    pub fn figures(&self) -> String {
        let counters = &self.shared.counters;
        let mut text = String::new();
        let rows = [
            (
                "schedules",
                "gauge",
                "Schedules that are kept",
                &counters.schedules,
            ),
            (
                "schedule_calls_total",
                "counter",
                "Calls of schedules' targets",
                &counters.calls,
            ),
            (
                "schedule_refusals_total",
                "counter",
                "Calls of schedules' targets that failed",
                &counters.refusals,
            ),
            (
                "schedule_dead_letters_total",
                "counter",
                "Calls that failed for good",
                &counters.letters,
            ),
            (
                "schedule_missed_total",
                "counter",
                "Scheduled times that were missed",
                &counters.missed,
            ),
        ];
        for (name, kind, help, value) in rows {
            let value = value.load(Ordering::Relaxed);
            write!(
                text,
                "# HELP ratchet_{name} {help}\n# TYPE ratchet_{name} {kind}\nratchet_{name} {value}\n"
            )
            .expect("a string takes any text");
        }
        text
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let message = Message::Asked(request(reply));
        let sent = self.shared.inbox.send(message).await;
        sent.map_err(|_| Error::Closed)?;
        answer.await.unwrap_or(Err(Error::Closed))
    }
}
