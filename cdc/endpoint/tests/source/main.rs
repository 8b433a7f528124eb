//! The source: its checks, publications, slots, event triggers and stream, against a real server.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

mod checks;
mod publications;
mod slots;
mod streams;

use std::sync::Arc;

use endpoint::source::Source;
use tests::support::postgres::Cluster;

/// Runs a test on a cluster, with a source that is connected to its database `postgres`.
fn with_source<F: Future<Output = ()>>(
    settings: &[(&str, &str)],
    test: impl FnOnce(Arc<Cluster>, Source) -> F,
) {
    // It stays until the test is over.
    let cluster = Arc::new(Cluster::start(settings));
    runtime().block_on(async {
        let source = connect(&cluster.url("postgres")).await;
        test(Arc::clone(&cluster), source).await;
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

async fn connect(url: &str) -> Source {
    Source::connect(&wire::Settings::parse(url).unwrap(), "test")
        .await
        .unwrap()
}

async fn oid(source: &Source, table: &str) -> u32 {
    let sql = "select $1::text::regclass::oid";
    source
        .client()
        .query_one(sql, &[&table])
        .await
        .unwrap()
        .get(0)
}

async fn run(source: &Source, sql: &str) {
    source.client().batch_execute(sql).await.unwrap();
}
