//! Both ends, the connection between them, and what must be true at every moment.

use pgoutput::Lsn;
use replication::assembler::{Assembler, Settings as AssemblerSettings};
use replication::checkpoint::{Checkpoint, SlotState, SourceState, TaskPosition, can_resume};
use replication::piece::Delivery;

use crate::database::Owner;
use crate::kinds::LOG;
use crate::random::Random;
use crate::receiver::Receiver;
use crate::sender::{DDL, Options, Sender};
use crate::source::Source;
use crate::target::Target;

/// The connection is lost, and with it all but what the target has.
#[derive(Debug)]
pub(crate) struct Ended;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) source: Source,
    pub(crate) target: Target,
    pub(crate) settings: Settings,
    /// No transaction is applied before its end.
    pub(crate) patient: bool,
    /// What the slot was told to be durable.
    confirmed: u64,
    two_phase_since: Option<u64>,
}

/// What a run is like.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// One transaction of the target for each of the source, where that is possible.
    pub(crate) exact: bool,
    /// Changes are taken when many have come.
    batch: bool,
    /// Nothing is netted.
    pub(crate) in_order: bool,
    /// How many of a thousand times the connection is lost where it may be.
    breaks: usize,
}

/// What lives as long as a connection.
#[derive(Debug)]
struct Connection {
    sender: Sender,
    /// Messages on their way.
    sent: std::collections::VecDeque<bytes::Bytes>,
    assembler: Assembler,
    receiver: Receiver,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let settings = Settings {
            exact: random.chance(30),
            batch: random.chance(40),
            in_order: random.chance(15),
            breaks: *random.pick(&[0, 2, 10, 30]),
        };
        let tells = random.chance(60);
        Self {
            random,
            source: Source::new(tells),
            target: Target::new(),
            settings,
            patient: false,
            confirmed: 0,
            two_phase_since: None,
        }
    }

    /// Runs all, and holds both ends against each other.
    pub(crate) fn run(mut self) {
        let steps = 150 + self.random.below(450);
        let mut connection = self.connect();
        for _ in 0..steps {
            if self.step(&mut connection).is_err() {
                connection = self.connect();
            }
        }
        self.source.finish(&mut self.random);
        let mut left = 100_000;
        while !self.is_done(&connection) {
            left -= 1;
            assert_ne!(left, 0, "it does not come to its end");
            let ended = match self.random.chance(10) {
                true => self.confirm_soon(&mut connection),
                false => self.follow(&mut connection, 4),
            };
            if ended.is_err() {
                self.settings.breaks /= 2;
                connection = self.connect();
            }
        }
        self.confirm();
        self.check_visible(u64::MAX);
        for (id, source) in &self.source.database.committed {
            let target = &self.target.database.committed[id];
            assert_eq!(target.content(), source.content(), "{}", source.shape.name);
        }
        let log = &self.target.database.committed[&LOG.id];
        let mut counted: Vec<_> = log.rows.values().collect();
        counted.sort();
        let count = counted.len();
        counted.dedup();
        assert_eq!(counted.len(), count, "rows of the log are there twice");
    }

    fn step(&mut self, connection: &mut Connection) -> Result<(), Ended> {
        match self.random.below(10) {
            0..6 => {
                self.source.step(&mut self.random);
                Ok(())
            }
            _ => self.follow(connection, 1),
        }
    }

    /// Something happens on the way from the source to the target.
    fn follow(&mut self, connection: &mut Connection, speed: usize) -> Result<(), Ended> {
        match self.random.below(6) {
            0 | 1 => {
                for _ in 0..self.random.below(6 * speed) {
                    let wal = &self.source.wal;
                    connection.sender.decode(wal, &mut self.random);
                }
                if self.random.chance(10) {
                    connection.sender.keepalive();
                }
                connection.sent.extend(connection.sender.take());
            }
            2 | 3 => {
                let some = self.random.below(10 * speed).min(connection.sent.len());
                let frame: Vec<_> = connection.sent.drain(..some).collect();
                let read = connection.assembler.read(frame.concat().into());
                let read = read.unwrap_or_else(|error| panic!("{error}"));
                assert!(read.written.0 <= self.source.wal_end());
            }
            4 if !self.settings.batch => self.take(connection, 1 + speed)?,
            4 if self.random.chance(15 * speed) => self.take(connection, usize::MAX)?,
            _ => connection.receiver.work(self)?,
        }
        if self.random.chance(5) {
            self.confirm();
        }
        self.may_break()
    }

    fn take(&mut self, connection: &mut Connection, most: usize) -> Result<(), Ended> {
        for _ in 0..most {
            let is_ready = connection.assembler.is_ready();
            let delivery: Option<Delivery> = connection.assembler.take();
            assert_eq!(is_ready, delivery.is_some());
            match delivery {
                Some(delivery) => connection.receiver.take(self, delivery)?,
                None => break,
            }
        }
        Ok(())
    }

    fn confirm_soon(&mut self, connection: &mut Connection) -> Result<(), Ended> {
        connection.receiver.land_all(self)?;
        self.confirm();
        Ok(())
    }

    /// Tells the slot what is durable.
    fn confirm(&mut self) {
        let durable = self.target.durable();
        assert!(self.confirmed <= durable);
        self.confirmed = durable;
    }

    fn is_done(&self, connection: &Connection) -> bool {
        let last = self.source.history.keys().next_back();
        let is_applied = Some(&self.target.checkpoint) >= last;
        is_applied && connection.receiver.is_idle() && !connection.assembler.is_ready()
    }

    /// A new connection: it begins where the target is.
    fn connect(&mut self) -> Connection {
        self.target.crash();
        self.check_resumable();
        let asked = self.target.durable();
        let start = asked.max(self.confirmed);
        let version = match self.two_phase_since {
            Some(_) => 3 + self.random.below(2),
            None => 1 + self.random.below(4),
        };
        // Without a trigger a definition may be met in a prepared transaction that was made before it: others would wait for its end.
        let may_prepare = version >= 3 && self.source.tells;
        if may_prepare && self.two_phase_since.is_none() && self.random.chance(30) {
            self.two_phase_since = Some(start);
        }
        let limit = match version >= 2 && self.random.chance(70) {
            true => 2 + self.random.below(20),
            false => usize::MAX,
        };
        let sender = Sender::new(Options {
            version: u8::try_from(version).unwrap(),
            start,
            limit,
            two_phase_since: self.two_phase_since,
            empty: self.random.chance(30),
        });
        let assembler = Assembler::new(AssemblerSettings {
            checkpoint: Lsn(asked),
            piece_bytes: *self.random.pick(&[100, 500, 1 << 20]),
            message_prefixes: vec![DDL.to_owned()],
        });
        Connection {
            sender,
            sent: std::collections::VecDeque::new(),
            assembler,
            receiver: Receiver::default(),
        }
    }

    pub(crate) fn is_two_phase(&self) -> bool {
        self.two_phase_since.is_some()
    }

    fn check_resumable(&self) {
        let state = SourceState {
            system_identifier: "source".to_owned(),
            timeline: 1,
            history: Vec::new(),
            wal_end: Lsn(self.source.wal_end()),
            slot: Some(SlotState {
                plugin: "pgoutput".to_owned(),
                database: "simulation".to_owned(),
                confirmed_flush: Lsn(self.confirmed),
                wal_status: None,
                invalidation: None,
                active_pid: None,
                unsynchronised: false,
            }),
        };
        let task = TaskPosition {
            system_identifier: "source".to_owned(),
            timeline: 1,
            checkpoint: Checkpoint {
                end_lsn: Lsn(self.target.checkpoint),
                ..Checkpoint::default()
            },
            acknowledged: Lsn(self.target.acknowledged),
        };
        assert_eq!(can_resume(&task, &state, "slot"), Ok(()));
    }

    pub(crate) fn commit(&mut self, owner: Owner, end: u64) -> Result<(), Ended> {
        self.target.commit(owner, end);
        self.check_visible(end);
        self.may_break()
    }

    /// What everybody sees at the target is what everybody saw at the source, there.
    pub(crate) fn check_visible(&self, lsn: u64) {
        for (id, source) in self.source.at(lsn) {
            let target = &self.target.database.committed[id];
            let name = &source.shape.name;
            if !self.source.tells && !is_same_definition(source, target) {
                // It is told with the table's next row.
                continue;
            }
            assert_eq!(target.shape.name, *name);
            assert_eq!(target.content(), source.content(), "{name} at {}", Lsn(lsn));
        }
    }

    pub(crate) fn may_break(&mut self) -> Result<(), Ended> {
        match self.random.below(1000) < self.settings.breaks {
            true => Err(Ended),
            false => Ok(()),
        }
    }
}

fn is_same_definition(source: &crate::database::Table, target: &crate::database::Table) -> bool {
    let mut names = source.shape.columns.iter().map(|column| &column.name);
    let mut known = target.known.columns.iter().map(|column| &column.name);
    names.by_ref().eq(known.by_ref()) && source.shape.name == target.known.name
}
