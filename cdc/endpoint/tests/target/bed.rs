//! A cluster with two databases, source and target, and the changes of the source as its output plugin tells them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use endpoint::schema::target_table::{SessionRole, target_tables};
use endpoint::target::{Applier, ApplyError, Control, Durability};
use pgoutput::Lsn;
use replication::assembler::{Assembler, Settings};
use replication::binding::Binding;
use replication::checkpoint::Checkpoint;
use replication::net::{Mode, plan};
use replication::piece::{Delivery, Piece};
use tests::support::compare::{Compared, differences};
use tests::support::postgres::Cluster;
use tests::support::sql::Sql;

/// A cluster; each case has two databases of it.
pub(crate) struct Bed {
    pub(crate) cluster: Cluster,
}

/// The two databases of a case.
pub(crate) struct Pair<'a> {
    bed: &'a Bed,
    name: String,
    pub(crate) source: Sql,
    pub(crate) target: Sql,
    runtime: tokio::runtime::Runtime,
}

/// How values travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Values {
    Binary,
    Text,
}

impl Bed {
    pub(crate) fn start() -> Self {
        let cluster = Cluster::start(&[("wal_level", "logical")]);
        Self { cluster }
    }

    /// Makes the databases of a case, runs the definitions in both, and lets a slot begin at the source.
    pub(crate) fn pair(&self, name: &str, definitions: &str) -> Pair<'_> {
        for side in ["source", "target"] {
            self.cluster.create_database(&format!("{name}_{side}"));
        }
        let source = self.cluster.sql(&format!("{name}_source"));
        let target = self.cluster.sql(&format!("{name}_target"));
        source.run(definitions);
        target.run(definitions);
        source.run("create publication p for all tables");
        source.run(&format!(
            "select pg_create_logical_replication_slot('{name}', 'pgoutput', false, true)"
        ));
        Pair {
            bed: self,
            name: name.to_owned(),
            source,
            target,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime can be made"),
        }
    }
}

impl Drop for Pair<'_> {
    fn drop(&mut self) {
        // A slot that stays would keep the cluster's WAL and count against its slots, and databases that stay would fill the disk.
        drop(
            self.source
                .try_run(&format!("select pg_drop_replication_slot('{}')", self.name)),
        );
        if !std::thread::panicking() {
            for side in ["source", "target"] {
                self.bed
                    .cluster
                    .drop_database(&format!("{}_{side}", self.name));
            }
        }
    }
}

impl Pair<'_> {
    /// What a task's sessions at the target connect with.
    pub(crate) fn settings(&self) -> wire::Settings {
        let url = self.bed.cluster.url(&format!("{}_target", self.name));
        let mut settings = wire::Settings::parse(&url).expect("the URL is well formed");
        settings.application_name = format!("ratchet {}", self.name);
        settings
    }

    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn source_settings(&self) -> wire::Settings {
        let url = self.bed.cluster.url(&format!("{}_source", self.name));
        wire::Settings::parse(&url).expect("the URL is well formed")
    }

    pub(crate) fn another_session_at_the_source(&self) -> Sql {
        self.bed.cluster.sql(&format!("{}_source", self.name))
    }

    /// Becomes the task's owner.
    pub(crate) fn claim(&self) -> Control {
        self.take_over(&self.settings(), Duration::from_secs(5))
    }

    pub(crate) fn take_over(&self, settings: &wire::Settings, patience: Duration) -> Control {
        self.run(Control::claim(settings, "ratchet", &self.name, patience))
            .expect("the task can be taken over")
    }

    pub(crate) fn applier(&self, control: &Control) -> Applier {
        let settings = self.settings();
        self.run(Applier::connect(
            &settings,
            control.lease(),
            Durability::Flushed,
        ))
        .expect("an applier can connect")
    }

    /// What was committed at the source since the last time, in one piece.
    pub(crate) fn changes(&self, values: Values) -> Piece {
        let rows = self.source.rows(&format!(
            "select data::text from pg_logical_slot_get_binary_changes('{}', null, null, 'proto_version', '1', \
             'publication_names', 'p', 'binary', '{}', 'messages', 'true')",
            self.name,
            values == Values::Binary
        ));
        let mut frame = BytesMut::new();
        for row in &rows {
            let body = unhex(row[0].as_deref().expect("data is never null"));
            frame.put_u8(b'd');
            frame.put_u32(u32::try_from(body.len() + 29).expect("messages are small"));
            frame.put_u8(b'w');
            frame.put_bytes(0, 24);
            frame.put_slice(&body);
        }
        piece(frame.freeze())
    }

    /// The bindings of a piece's relations.
    pub(crate) fn bindings(&self, piece: &Piece) -> Vec<Option<Arc<Binding>>> {
        let settings = self.settings();
        let names: Vec<_> = piece
            .relations
            .iter()
            .map(|relation| relation.name.clone())
            .collect();
        let tables = self.run(async {
            let client = wire::client::connect(&settings)
                .await
                .expect("the target is there");
            let tables = target_tables(&client, &names, SessionRole::Replica).await;
            tables.expect("the target's catalogue can be read")
        });
        piece
            .relations
            .iter()
            .map(|relation| {
                let table = tables.iter().find(|table| table.name == relation.name)?;
                let binding = Binding::new(Arc::clone(relation), Arc::new(table.clone()));
                Some(Arc::new(binding.expect("the target has the columns")))
            })
            .collect()
    }

    /// Applies what was committed at the source since the last time.
    pub(crate) fn follow(
        &self,
        applier: &mut Applier,
        values: Values,
        mode: Mode,
    ) -> Result<Piece, ApplyError> {
        let piece = self.changes(values);
        let bindings = self.bindings(&piece);
        self.run(async {
            let plan = plan(&piece, 0..piece.changes.len(), &bindings, mode);
            applier.begin();
            applier.apply(&piece, &plan, &bindings).await?;
            applier.commit(&checkpoint(&piece)).await
        })?;
        Ok(piece)
    }

    /// How the target differs from the source: nothing, one hopes.
    pub(crate) fn differences(&self) -> String {
        let tables = self
            .target
            .rows("select tablename from pg_tables where schemaname = 'ratchet'");
        let compared = Compared {
            except: tables
                .iter()
                .map(|row| format!("ratchet.{}", row[0].as_deref().expect("a name")))
                .collect(),
            ..Compared::default()
        };
        differences(&self.source, &self.target, &compared).expect("both can be read")
    }
}

/// Where a piece ends.
pub(crate) fn checkpoint(piece: &Piece) -> Checkpoint {
    let end = piece.ends.last().expect("something was committed");
    Checkpoint {
        end_lsn: end.end_lsn,
        commit_time: end.commit_time,
    }
}

fn piece(frame: Bytes) -> Piece {
    let mut assembler = Assembler::new(Settings {
        checkpoint: Lsn::ZERO,
        piece_bytes: usize::MAX,
        message_prefixes: Vec::new(),
    });
    assembler
        .read(frame)
        .expect("the plugin's messages can be read");
    let mut found = None;
    while let Some(delivery) = assembler.take() {
        if let Delivery::Piece(piece) = delivery {
            assert!(found.is_none(), "all is in one piece");
            found = Some(piece);
        }
    }
    found.expect("something was committed")
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => byte - b'0',
        _ => byte - b'a' + 10,
    };
    text.as_bytes()[2..]
        .chunks_exact(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}
