//! What applying changes costs at the target and here, in microseconds of CPU for each row.
//!
//!     cargo bench -p endpoint --bench target -- [URL of a database to use] [rows of the tables, in thousands]
//!
//! Without a URL it makes a cluster of its own. Linux only: it reads `/proc`.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use endpoint::schema::target_table::{SessionRole, target_tables};
use endpoint::target::{Applier, Control, Durability};
use pgoutput::message::ReplicaIdentity;
use pgoutput::{Lsn, PgTimestamp};
use replication::binding::Binding;
use replication::checkpoint::Checkpoint;
use replication::net::{Mode, plan};
use replication::piece::{Change, ChangeKind, Piece, TransactionEnd};
use replication::relation::{Column, Relation, TableName};
use tests::support::postgres::Cluster;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let settings = [
        ("shared_buffers", "1GB"),
        ("max_wal_size", "8GB"),
        ("autovacuum", "off"),
    ];
    let own = arguments.is_empty().then(|| Cluster::start(&settings));
    let url = own
        .as_ref()
        .map_or_else(|| arguments[0].clone(), |own| own.url("postgres"));
    let thousands: usize = arguments
        .get(1)
        .map_or(1000, |text| text.parse().expect("a number"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(run(&url, thousands * 1000));
}

async fn run(url: &str, rows: usize) {
    let mut settings = wire::Settings::parse(url).expect("the URL is well formed");
    settings.application_name = "ratchet bench".to_owned();
    // The claim ends other sessions of the task's name.
    let mut others = settings.clone();
    others.application_name = "bench".to_owned();
    let client = wire::client::connect(&others)
        .await
        .expect("the server is there");
    client
        .batch_execute(&format!(
            "drop table if exists accounts, big, history;
             create table accounts (aid int not null, bid int, abalance int, filler char(84));
             insert into accounts select i, i / 100000, 0, '' from generate_series(1, {rows}) i;
             alter table accounts add primary key (aid);
             create table big (aid int not null, bid int, abalance int, filler char(84));
             insert into big select i, i / 100000, 0, '' from generate_series(1, {big}) i;
             alter table big add primary key (aid);
             create table history (aid int not null, bid int, abalance int, filler char(84));
             analyze accounts, big",
            big = rows / 5
        ))
        .await
        .expect("tables can be made");
    client
        .batch_execute("vacuum")
        .await
        .expect("it can be done");
    let control = Control::claim(&settings, "ratchet", "bench", Duration::from_secs(1))
        .await
        .expect("the task is free");
    let applier = Applier::connect(&settings, control.lease(), Durability::Flushed)
        .await
        .expect("the server is there");
    let mut bench = Bench {
        client,
        applier,
        random: 88_172_645_463_325_252,
    };
    let many = (rows / 25).min(200_000);
    for size in [1, 4, 8, 16, 32, 64, 128, 512, 2048] {
        let keys = bench.keys(size * (4096 / size).min(400), rows);
        bench
            .apply(
                &format!("updates, {size} together"),
                "accounts",
                ChangeKind::Update,
                &keys,
                size,
            )
            .await;
    }
    for size in [1, 8, 16, 32, 64, 512] {
        let keys: Vec<i32> = (0..(size * (4096 / size).min(400)) as i32).collect();
        bench
            .apply(
                &format!("inserts, {size} together"),
                "history",
                ChangeKind::Insert,
                &keys,
                size,
            )
            .await;
    }
    let keys = bench.keys(many, rows);
    bench
        .apply(
            "updates of some rows",
            "accounts",
            ChangeKind::Update,
            &keys,
            100_000,
        )
        .await;
    let keys = bench.keys(many, rows);
    bench
        .apply(
            "deletes of some rows",
            "accounts",
            ChangeKind::DeleteKey,
            &keys,
            100_000,
        )
        .await;
    bench
        .apply(
            "inserts of them",
            "accounts",
            ChangeKind::Insert,
            &keys,
            100_000,
        )
        .await;
    let all: Vec<i32> = (1..=(rows / 5) as i32).collect();
    bench
        .apply(
            "updates of all rows",
            "big",
            ChangeKind::Update,
            &all,
            100_000,
        )
        .await;
    bench
        .apply(
            "deletes of all rows",
            "big",
            ChangeKind::DeleteKey,
            &all,
            100_000,
        )
        .await;
    bench
        .apply(
            "inserts of all rows",
            "big",
            ChangeKind::Insert,
            &all,
            100_000,
        )
        .await;
    bench
        .apply(
            "inserts without a key",
            "history",
            ChangeKind::Insert,
            &all,
            100_000,
        )
        .await;
    bench
        .client
        .batch_execute(
            "drop table public.accounts, public.big, public.history; drop schema ratchet cascade",
        )
        .await
        .expect("tables can be dropped");
}

struct Bench {
    client: wire::client::Client,
    applier: Applier,
    random: u64,
}

impl Bench {
    /// Different keys in random order.
    fn keys(&mut self, count: usize, rows: usize) -> Vec<i32> {
        let mut keys: Vec<i32> = (1..=rows as i32).collect();
        for index in 0..count.min(rows) {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            let other = index + (self.random % (rows - index) as u64) as usize;
            keys.swap(index, other);
        }
        keys.truncate(count);
        keys
    }

    async fn apply(
        &mut self,
        title: &str,
        table: &str,
        kind: ChangeKind,
        keys: &[i32],
        together: usize,
    ) {
        self.client
            .batch_execute("checkpoint")
            .await
            .expect("it can be done");
        let names = [TableName::new("public", table)];
        let tables = target_tables(&self.client, &names, SessionRole::Replica).await;
        let target = Arc::new(tables.expect("it is there").remove(0));
        let relation = Arc::new(Relation {
            id: 1,
            name: names[0].clone(),
            identity: ReplicaIdentity::Default,
            columns: [("aid", 23), ("bid", 23), ("abalance", 23), ("filler", 1042)]
                .into_iter()
                .map(|(name, type_id)| Column {
                    name: name.to_owned(),
                    key: name == "aid",
                    type_id,
                    type_modifier: -1,
                })
                .collect(),
        });
        let binding = Binding::new(Arc::clone(&relation), target).expect("it has the columns");
        let bindings = vec![Some(Arc::new(binding))];
        let pieces: Vec<Piece> = keys
            .chunks(together)
            .map(|keys| piece(&relation, kind, keys))
            .collect();
        let (here, there, began) = (cpu("self"), self.there(), Instant::now());
        for piece in &pieces {
            let plan = plan(piece, 0..piece.changes.len(), &bindings, Mode::Net);
            self.applier.begin();
            self.applier
                .apply(piece, &plan, &bindings)
                .await
                .expect("it can be applied");
            self.applier
                .commit(&Checkpoint {
                    end_lsn: Lsn(1),
                    commit_time: PgTimestamp(1),
                })
                .await
                .expect("it can be committed");
        }
        let took = began.elapsed();
        let each = |nanos: u64| nanos as f64 / 1000.0 / keys.len() as f64;
        println!(
            "{title:28} {:8} rows  target {:7.2}  here {:6.2}  wall {:7.2} us/row",
            keys.len(),
            each(self.there() - there),
            each(cpu("self") - here),
            each(took.as_nanos() as u64)
        );
    }

    fn there(&self) -> u64 {
        cpu(&self.applier.backend_pid().to_string())
    }
}

fn piece(relation: &Arc<Relation>, kind: ChangeKind, keys: &[i32]) -> Piece {
    let mut frame = BytesMut::new();
    let mut changes = Vec::with_capacity(keys.len());
    for &key in keys {
        changes.push(Change {
            kind,
            relation: 0,
            frame: 0,
            offset: frame.len() as u32,
        });
        frame.put_u16(4);
        for number in [key, key / 100_000, key ^ 0x5555] {
            frame.put_u8(b'b');
            frame.put_i32(4);
            frame.put_i32(number);
        }
        frame.put_u8(b'b');
        frame.put_i32(84);
        frame.put_bytes(b' ', 84);
    }
    Piece {
        bytes: frame.len(),
        ends: vec![TransactionEnd {
            changes: changes.len() as u32,
            xid: 1,
            commit_lsn: Lsn(1),
            end_lsn: Lsn(1),
            commit_time: PgTimestamp(1),
        }],
        frames: vec![Bytes::from(frame)],
        relations: vec![Arc::clone(relation)],
        changes,
        ..Piece::default()
    }
}

/// Nanoseconds of CPU that a process has used. All of its work is in its first thread.
fn cpu(process: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/schedstat")).expect("it runs");
    let first = text.split(' ').next().expect("it has fields");
    first.parse().expect("a number")
}
