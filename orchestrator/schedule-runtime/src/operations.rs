//! What a request changes, and what it is answered.

use std::collections::VecDeque;
use std::ops::Bound;
use std::sync::Arc;

use schedule::definition::{Definition, Overlap, Policies, Wanted};
use schedule::expression::Mistake;
use schedule::names::ScheduleName;
use schedule::plan::Plan;
use schedule::state::{Pause, State};
use schedule::step::{Effect, Input};
use tokio::sync::oneshot;

use crate::book::{Book, Entry};
use crate::error::Error;
use crate::records::{ScheduleRecord, StateRecord};
use crate::requests::{BackfillRange, Firing, NewSchedule, ScheduleFilter};
use crate::targets::Targets;
use crate::turn::Turn;
use crate::views::{GroupView, Page, ScheduleSummary, ScheduleView, Triggered};

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// What is asked.
pub(crate) enum Request {
    Create(Box<NewSchedule>, Reply<ScheduleView>),
    Update(Box<NewSchedule>, Reply<ScheduleView>),
    Delete(ScheduleName, Option<String>, Reply<()>),
    Get(ScheduleName, Reply<ScheduleView>),
    List(
        ScheduleFilter,
        Option<String>,
        usize,
        Reply<Page<ScheduleSummary>>,
    ),
    SetPolicies(ScheduleName, Policies, Reply<ScheduleView>),
    Pause(ScheduleName, String, Reply<ScheduleView>),
    Resume(ScheduleName, Reply<ScheduleView>),
    Trigger(ScheduleName, Option<Overlap>, Reply<Triggered>),
    Backfill(ScheduleName, BackfillRange, Reply<u64>),
    CreateGroup(String, Option<String>, Reply<GroupView>),
    DeleteGroup(String, Option<String>, Reply<()>),
    GetGroup(String, Reply<GroupView>),
    ListGroups(String, Option<String>, usize, Reply<Page<GroupView>>),
}

/// How many deletions are remembered by their tokens.
const DELETIONS: usize = 1000;

/// The most times that one backfill may have.
const BACKFILL: u64 = 10_000;

impl Turn<'_> {
    /// Does what is asked; the answer is sent once it is durable.
    pub(crate) fn perform(&mut self, request: Request, targets: &dyn Targets) {
        match request {
            Request::Create(new, reply) => {
                let answer = self.create(*new, targets);
                self.reply(reply, answer);
            }
            Request::Update(new, reply) => {
                let answer = self.update(*new, targets);
                self.reply(reply, answer);
            }
            Request::Delete(name, token, reply) => {
                let answer =
                    self.deleted_once(&name.key(), token, |turn| turn.delete_schedule(&name));
                self.reply(reply, answer);
            }
            Request::Get(name, reply) => {
                let answer = self.view_of(&name);
                self.reply(reply, answer);
            }
            Request::List(filter, after, limit, reply) => {
                let answer = list(self.book, &filter, after.as_deref(), limit);
                self.reply(reply, answer);
            }
            Request::SetPolicies(name, policies, reply) => {
                let answer = self.set_policies(&name, policies);
                self.reply(reply, answer);
            }
            Request::Pause(name, why, reply) => {
                let answer = self.happen(&name, Input::Pause { why });
                self.reply(reply, answer);
            }
            Request::Resume(name, reply) => {
                let answer = self.happen(&name, Input::Resume);
                self.reply(reply, answer);
            }
            Request::Trigger(name, overlap, reply) => {
                let answer = self.trigger(&name, overlap);
                self.reply(reply, answer);
            }
            Request::Backfill(name, range, reply) => {
                let answer = self.backfill(&name, range);
                self.reply(reply, answer);
            }
            Request::CreateGroup(name, token, reply) => {
                let answer = self.create_group(&name, token);
                self.reply(reply, answer);
            }
            Request::DeleteGroup(name, token, reply) => {
                let answer = self.deleted_once(&name, token, |turn| turn.delete_group(&name));
                self.reply(reply, answer);
            }
            Request::GetGroup(name, reply) => {
                let answer = self.group(&name);
                self.reply(reply, answer);
            }
            Request::ListGroups(prefix, after, limit, reply) => {
                let answer = Ok(self.groups_page(&prefix, after.as_deref(), limit));
                self.reply(reply, answer);
            }
        }
    }

    fn reply<T: Send + 'static>(&mut self, reply: Reply<T>, answer: Result<T, Error>) {
        self.answer(Box::new(move |committed| {
            // Whoever asked may have gone.
            let _ = reply.send(committed.and(answer));
        }));
    }

    fn create(&mut self, new: NewSchedule, targets: &dyn Targets) -> Result<ScheduleView, Error> {
        let key: Arc<str> = new.name.key().into();
        let policies = new.policies.unwrap_or_default();
        let plan = self.plan(&new, &policies, self.now, self.now, targets)?;
        if !self.book.groups.contains_key(&*new.name.group) {
            return Err(Error::GroupDoesNotExist(new.name.group));
        }
        if let Some(entry) = self.book.entries.get(&key) {
            let is_repeated = new.client_token.is_some()
                && entry.record.client_token == new.client_token
                && entry.record.definition == new.definition;
            if is_repeated {
                return Ok(self.book.view(entry));
            }
            return Err(Error::ScheduleExists(new.name.name));
        }
        let limit = self.book.options.schedules;
        if self.book.entries.len() >= limit {
            let what = "schedules";
            return Err(Error::LimitExceeded { what, limit });
        }
        let mut state = State::new(self.now);
        state.paused = match new.definition.state {
            Wanted::Enabled => None,
            Wanted::Disabled => Some(self.disabled()),
        };
        let record = ScheduleRecord {
            definition: new.definition,
            policies,
            created_at: self.now,
            modified_at: self.now,
            anchor: self.now,
            client_token: new.client_token,
        };
        let memory = StateRecord {
            state,
            letters: VecDeque::new(),
        };
        self.put(&key, Entry::new(new.name.clone(), record, plan, memory));
        self.view_of(&new.name)
    }

    fn update(&mut self, new: NewSchedule, targets: &dyn Targets) -> Result<ScheduleView, Error> {
        let entry = self.entry(&new.name)?;
        let before = entry.record.clone();
        let letters = entry.memory.letters.clone();
        let mut state = entry.memory.state.clone();
        let has_other_times = times(&before.definition) != times(&new.definition);
        let anchor = if has_other_times {
            self.now
        } else {
            before.anchor
        };
        let policies = new.policies.unwrap_or(before.policies);
        let plan = self.plan(&new, &policies, before.created_at, anchor, targets)?;
        if state.paused.is_none() && new.definition.state == Wanted::Disabled {
            state.paused = Some(self.disabled());
            state.planned.clear();
        }
        let record = ScheduleRecord {
            definition: new.definition.clone(),
            policies,
            created_at: before.created_at,
            modified_at: self.now,
            anchor,
            client_token: before.client_token.clone(),
        };
        let memory = StateRecord { state, letters };
        let key: Arc<str> = new.name.key().into();
        self.put(&key, Entry::new(new.name.clone(), record, plan, memory));
        if has_other_times {
            self.step(&key, Input::Rescheduled);
        }
        if new.definition.state == Wanted::Enabled {
            self.step(&key, Input::Resume);
        }
        // Nothing may be due any more, in which case it may be gone.
        match self.view_of(&new.name) {
            Err(Error::ScheduleDoesNotExist(_)) => Err(Error::Invalid(Mistake::new(
                "ScheduleExpression",
                new.definition.schedule_expression,
                "it is never due again, and the schedule was deleted as its ActionAfterCompletion says",
            ))),
            view => view,
        }
    }

    fn plan(
        &self,
        new: &NewSchedule,
        policies: &Policies,
        created_at: i64,
        anchor: i64,
        targets: &dyn Targets,
    ) -> Result<Plan, Error> {
        let plan = Plan::new(&new.name, &new.definition, policies, created_at, anchor)?;
        targets.check(&new.definition.target)?;
        Ok(plan)
    }

    fn disabled(&self) -> Pause {
        Pause {
            at: self.now,
            why: "it was disabled".to_owned(),
        }
    }

    /// Deletes something, unless this very request did before.
    fn deleted_once(
        &mut self,
        what: &str,
        token: Option<String>,
        delete: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let answer = delete(self);
        let Some(token) = token else { return answer };
        let request = (what.to_owned(), token);
        let deletions = &mut self.book.deletions;
        if answer.is_ok() {
            deletions.push_back(request);
            if deletions.len() > DELETIONS {
                deletions.pop_front();
            }
        } else if deletions.contains(&request) {
            return Ok(());
        }
        answer
    }

    fn delete_schedule(&mut self, name: &ScheduleName) -> Result<(), Error> {
        self.entry(name)?;
        self.remove(&name.key().into());
        Ok(())
    }

    fn set_policies(
        &mut self,
        name: &ScheduleName,
        policies: Policies,
    ) -> Result<ScheduleView, Error> {
        let entry = self.entry(name)?;
        let mut record = (*entry.record).clone();
        let memory = entry.memory.clone();
        record.policies = policies;
        record.modified_at = self.now;
        let definition = &record.definition;
        let plan = Plan::new(
            name,
            definition,
            &policies,
            record.created_at,
            record.anchor,
        )?;
        let key: Arc<str> = name.key().into();
        self.put(&key, Entry::new(name.clone(), record, plan, memory));
        self.view_of(name)
    }

    /// Lets something happen and shows the schedule.
    fn happen(&mut self, name: &ScheduleName, input: Input) -> Result<ScheduleView, Error> {
        let view = self.view_of(name)?;
        self.step(&name.key().into(), input);
        // One that is complete by now shows itself as it was.
        Ok(self.view_of(name).unwrap_or(view))
    }

    fn trigger(
        &mut self,
        name: &ScheduleName,
        overlap: Option<Overlap>,
    ) -> Result<Triggered, Error> {
        let waiting = self.entry(name)?.memory.state.buffer.len();
        let skipped = self.entry(name)?.memory.state.counts.skipped;
        let now = self.now;
        let effects = self.step(&name.key().into(), Input::Trigger { overlap });
        let begun = effects.iter().find_map(|effect| match effect {
            Effect::Call { run } if run.scheduled_at == now => Some(run.name.clone()),
            _ => None,
        });
        if let Some(run) = begun {
            return Ok(Triggered::Begun { run });
        }
        let state = &self.entry(name)?.memory.state;
        let was_skipped = state.counts.skipped > skipped && state.buffer.len() <= waiting;
        let waits = state.buffer.iter().any(|due| due.scheduled_at == now);
        Ok(if waits || !was_skipped {
            Triggered::Waits
        } else {
            Triggered::Skipped
        })
    }

    fn backfill(&mut self, name: &ScheduleName, range: BackfillRange) -> Result<u64, Error> {
        let BackfillRange {
            from,
            until,
            overlap,
        } = range;
        let wrong = |field, value: i64, why: String| {
            Error::Invalid(Mistake::new(field, crate::payload::time(value), why))
        };
        if from > until {
            return Err(wrong("from", from, "it is after `until`".to_owned()));
        }
        if until > self.now {
            return Err(wrong("until", until, "it is not in the past".to_owned()));
        }
        let timetable = &self.entry(name)?.plan.timetable;
        let count = timetable.count(from.saturating_sub(1), until, BACKFILL + 1);
        if count > BACKFILL {
            let why = format!("there are more than {BACKFILL} times in between; take less at once");
            return Err(wrong("from", from, why));
        }
        let input = Input::Backfill {
            from,
            until,
            overlap,
        };
        self.step(&name.key().into(), input);
        Ok(count)
    }

    fn view_of(&self, name: &ScheduleName) -> Result<ScheduleView, Error> {
        Ok(self.book.view(self.entry(name)?))
    }

    fn entry(&self, name: &ScheduleName) -> Result<&Entry, Error> {
        let entry = self.book.entries.get(&*name.key());
        entry.ok_or_else(|| Error::ScheduleDoesNotExist(name.name.clone()))
    }
}

/// What decides when a schedule is due.
fn times(definition: &Definition) -> (&str, Option<&str>, Option<i64>, Option<i64>) {
    (
        &definition.schedule_expression,
        definition.schedule_expression_timezone.as_deref(),
        definition.start_date,
        definition.end_date,
    )
}

/// A page of schedules, in the order of `group/name`.
fn list(
    book: &Book,
    filter: &ScheduleFilter,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<ScheduleSummary>, Error> {
    if let Some(group) = &filter.group
        && !book.groups.contains_key(&**group)
    {
        return Err(Error::GroupDoesNotExist(group.clone()));
    }
    let beginning = match &filter.group {
        Some(group) => format!("{group}/{}", filter.prefix),
        None => String::new(),
    };
    let start = after.map_or(&*beginning, |after| after.max(&beginning));
    let mut found = book
        .entries
        .range::<str, _>((Bound::Included(start), Bound::Unbounded))
        .filter(|(key, _)| after.is_none_or(|after| &***key > after))
        .take_while(|(key, _)| key.starts_with(&beginning))
        .map(|(_, entry)| entry)
        .filter(|entry| entry.name.name.starts_with(&filter.prefix))
        .filter(|entry| match filter.firing {
            None => true,
            Some(Firing::Enabled) => entry.memory.state.paused.is_none(),
            Some(Firing::Paused) => entry.memory.state.paused.is_some(),
        });
    let items: Vec<_> = found.by_ref().take(limit).collect();
    let has_more = found.next().is_some();
    Ok(Page {
        next: items
            .last()
            .filter(|_| has_more)
            .map(|entry| entry.name.key()),
        items: items.into_iter().map(|entry| book.summary(entry)).collect(),
    })
}
