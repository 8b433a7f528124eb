//! Who writes at the source: random transactions of every kind, from several sessions, whatever happens to the servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use tests::support::random::Random;
use tests::support::sql::{Failure, Sql};

use crate::schema::WEIGHTED;

/// How many sessions write.
pub(crate) const WRITERS: u64 = 3;

/// The writers of one database.
pub(crate) struct Writers {
    done: Arc<AtomicBool>,
    committed: Arc<AtomicU64>,
    defines: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Writers {
    /// Starts them.
    pub(crate) fn start(url: &str, random: &mut Random) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let committed = Arc::new(AtomicU64::new(0));
        let defines = Arc::new(AtomicBool::new(false));
        let threads = (0..WRITERS)
            .map(|number| {
                let writer = Writer {
                    number,
                    url: url.to_owned(),
                    random: random.fork(),
                    next: 0,
                    columns: 0,
                    defines: defines.clone(),
                };
                let (done, committed) = (done.clone(), committed.clone());
                thread::spawn(move || writer.work(&done, &committed))
            })
            .collect();
        Self {
            done,
            committed,
            defines,
            threads,
        }
    }

    /// From now on they also change the tables' definitions.
    pub(crate) fn define(&self) {
        self.defines.store(true, Ordering::Relaxed);
    }

    /// Stops them, and says how many transactions they committed.
    pub(crate) fn stop(self) -> u64 {
        self.done.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("a writer does not panic");
        }
        self.committed.load(Ordering::Relaxed)
    }
}

struct Writer {
    number: u64,
    url: String,
    random: Random,
    /// The next number that it appends.
    next: u64,
    /// How many columns it has added.
    columns: u64,
    /// Whether it may define.
    defines: Arc<AtomicBool>,
}

impl Writer {
    fn work(mut self, done: &AtomicBool, committed: &AtomicU64) {
        let mut session = None;
        while !done.load(Ordering::Relaxed) {
            let Some(sql) = &session else {
                session = Sql::try_connect(&self.url).ok();
                if let Some(sql) = &session {
                    let _refused = sql.try_run("set lock_timeout = '2s'");
                }
                sleep(Duration::from_millis(10));
                continue;
            };
            match self.transaction(sql) {
                Ok(()) => {
                    committed.fetch_add(1, Ordering::Relaxed);
                }
                // A server's refusal (a deadlock, a key that is there) leaves the session; anything else ends it.
                Err(failure)
                    if failure
                        .code
                        .as_deref()
                        .is_some_and(|code| !code.starts_with("57")) =>
                {
                    if sql.try_run("rollback").is_err() {
                        session = None;
                    }
                }
                Err(_) => session = None,
            }
            sleep(Duration::from_millis(self.random.between(5, 60)));
        }
    }

    fn transaction(&mut self, sql: &Sql) -> Result<(), Failure> {
        match self.random.below(100) {
            0..40 => self.transfer(sql),
            40..92 => self.mixture(sql),
            92..94 => self.large(sql),
            94..97 => self.truncation(sql),
            _ if !self.defines.load(Ordering::Relaxed) => Ok(()),
            _ => self.definition(sql),
        }
    }

    /// Moves money between accounts, and writes down what the bank comes to.
    fn transfer(&mut self, sql: &Sql) -> Result<(), Failure> {
        let random = &mut self.random;
        let mut text = "begin; update version set n = n + 1;".to_owned();
        for _ in 0..random.between(1, 6) {
            let (from, to) = (
                random.one_of(&["a", "b", "c"]),
                random.one_of(&["a", "b", "c"]),
            );
            let (payer, payee) = (random.between(1, 51), random.between(1, 51));
            let amount = random.between(1, 100);
            let undone = random.percent(20);
            if undone {
                text += "savepoint s;";
            }
            text += &format!(
                "update account_{from} set balance = balance - {amount} where id = {payer};\
                 update account_{to} set balance = balance + {amount} where id = {payee};"
            );
            if undone {
                text += "rollback to s;";
            }
        }
        text += &format!(
            "insert into version_log select n, (select sum(balance * weight) from {WEIGHTED} w) from version;"
        );
        self.finish(sql, text)
    }

    /// Some statements about the other tables, with savepoints.
    fn mixture(&mut self, sql: &Sql) -> Result<(), Failure> {
        let mut text = "begin;".to_owned();
        for _ in 0..self.random.between(1, 7) {
            let statement = self.statement();
            match self.random.below(10) {
                0 => text += &format!("savepoint s; {statement}; rollback to s;"),
                1 => text += &format!("savepoint s; {statement}; release s;"),
                2 => {
                    let other = self.statement();
                    text += &format!(
                        "savepoint s; {statement}; savepoint t; {other}; rollback to t; release s;"
                    );
                }
                _ => text += &format!("{statement};"),
            }
        }
        self.finish(sql, text)
    }

    fn statement(&mut self) -> String {
        let random = &mut self.random;
        let (id, other) = (random.between(1, 400), random.between(1, 400));
        let n = random.below(1000);
        match random.below(17) {
            0 => format!(
                "insert into item values ({id}, {id}, {n}, repeat(md5('{n}'), 120), 'inserted') on conflict do nothing"
            ),
            1 => format!("update item set n = {n} where id = {id}"),
            2 => format!("update item set n = n + 1 where id between {id} and {id} + 20"),
            3 => format!(
                "update item set big = repeat(md5('{n}'), {}) where id = {id}",
                random.between(1, 200)
            ),
            4 => format!(
                "update item set id = {other} where id = {id} and not exists (select from item where id = {other})"
            ),
            5 => format!("delete from item where id = {id}"),
            6 => format!(
                "update item set id = -{id} where id = {id}; update item set id = {id} where id = {other} and exists (select from item where id = -{id}); \
                 update item set id = {other} where id = -{id} and not exists (select from item where id = {other})"
            ),
            7 => format!(
                "update item i set u = j.u from item j where i.id in ({id}, {other}) and j.id in ({id}, {other}) and i.id <> j.id"
            ),
            8 => format!(
                "insert into keyless select {n} % 20, 'b' || {n} % 3 from generate_series(1, {})",
                random.between(1, 4)
            ),
            9 => format!(
                "update keyless set b = 'u{n}' where ctid = (select min(ctid) from keyless where a = {n} % 20)"
            ),
            10 => format!(
                "delete from keyless where ctid = (select max(ctid) from keyless where a = {n} % 20)"
            ),
            11 => format!(
                "insert into scratch (s) select 's{n}' from generate_series(1, {})",
                random.between(1, 60)
            ),
            12 => format!("update routed set k = 1 - k, s = 'moved {n}' where id = {id}"),
            13 => {
                format!("insert into routed values ({id}, {n} % 2, 'new') on conflict do nothing")
            }
            14 => format!("update evolving set label = 'n{n}' where id = {id} % 100"),
            15 => format!("update bulk set s = 'changed {n}' where id = {id} * 100 + {n}"),
            _ => format!(
                "delete from bulk where id = {id} * 140 + {n}; insert into bulk values ({id} * 140 + {n}, 'again')"
            ),
        }
    }

    /// A transaction that is sent while it is in progress, with a savepoint that may be undone.
    fn large(&mut self, sql: &Sql) -> Result<(), Failure> {
        let random = &mut self.random;
        let rows = random.between(300, 2000);
        let first = 100_000 + self.number * 1_000_000 + random.below(900_000);
        let mut text = format!(
            "begin; insert into bulk select i, repeat('x', 60) from generate_series({first}, {first} + {rows}) i on conflict do nothing; savepoint s; \
             update bulk set s = 'updated' where id between {first} and {first} + {rows} / 2;"
        );
        if random.percent(50) {
            text += "rollback to s;";
        }
        text += &format!("delete from bulk where id between {first} + 10 and {first} + {rows};");
        self.finish(sql, text)
    }

    fn truncation(&mut self, sql: &Sql) -> Result<(), Failure> {
        let restart = if self.random.percent(50) {
            "restart identity"
        } else {
            ""
        };
        self.finish(sql, format!("begin; insert into scratch (s) values ('gone'); truncate scratch {restart}; insert into scratch (s) values ('first');"))
    }

    /// A column or a table comes or goes. Each writer has names of its own.
    fn definition(&mut self, sql: &Sql) -> Result<(), Failure> {
        let (number, last) = (self.number, self.columns);
        let column = format!("c{number}_{last}");
        let text = match self.random.below(4) {
            0 if last > 0 => {
                self.columns -= 1;
                format!(
                    "begin; alter table evolving drop column if exists c{number}_{};",
                    last - 1
                )
            }
            1 => format!(
                "begin; drop table if exists made_{number}; create table made_{number} (id int primary key, s text default 'd'); \
                 insert into made_{number} (id) select generate_series(1, {});",
                self.random.between(1, 100)
            ),
            _ => {
                self.columns += 1;
                format!(
                    "begin; alter table evolving add column if not exists {column} int default {}; update evolving set {column} = {} where id < 10;",
                    self.random.below(10),
                    self.random.below(100)
                )
            }
        };
        self.finish(sql, text)
    }

    /// Appends the writer's next number, and commits or rolls back.
    fn finish(&mut self, sql: &Sql, mut text: String) -> Result<(), Failure> {
        let end = if self.random.percent(8) {
            "rollback"
        } else {
            "commit"
        };
        text += &format!(
            "insert into appended values ({}, {}); {end}",
            self.number, self.next
        );
        self.next += 1;
        sql.try_run(&text)
    }
}
