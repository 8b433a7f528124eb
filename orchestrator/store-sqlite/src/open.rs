//! Opens a data directory: takes its lock, connects, brings the schema up to date.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, SqliteConnection, SqlitePool};

use crate::schema::migrate;

/// The database's file in the data directory.
pub const DATABASE_FILE: &str = "ratchet.db";

/// The file whose lock says that a process has the data directory open. It stays when the process is gone.
pub const LOCK_FILE: &str = "ratchet.lock";

/// How a store uses memory and disk. The defaults suit a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many connections read. Each has a thread.
    pub readers: u32,
    /// Each reader's page cache, in KiB.
    pub reader_cache_kib: u32,
    /// The writer's page cache, in KiB.
    pub writer_cache_kib: u32,
    /// How many commits wait in the queue before `commit` waits for a place.
    pub queued_commits: usize,
    /// How many commits share a transaction at most.
    pub group_commits: usize,
    /// How many bytes of histories, snapshots and inputs share a transaction at most, except for a commit that is larger alone.
    pub group_bytes: usize,
    /// From how many pages of 4 KiB on the write-ahead log is copied into the database.
    pub checkpoint_pages: u32,
    /// After how long without a commit the write-ahead log is emptied.
    pub idle: Duration,
    /// The greatest size of the database in pages of 4 KiB. A commit that needs more fails as if the disk were full.
    pub max_pages: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 2,
            reader_cache_kib: 2 * 1024,
            writer_cache_kib: 8 * 1024,
            queued_commits: 1024,
            group_commits: 256,
            group_bytes: 4 * 1024 * 1024,
            checkpoint_pages: 4096,
            idle: Duration::from_secs(2),
            max_pages: None,
        }
    }
}

/// Why a data directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("cannot open the data directory {0}: another process has it open")]
    InUse(PathBuf),
    /// The directory or a file in it can't be made or read.
    #[error("cannot open the data directory {path}: {source}")]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no database, or a damaged one.
    #[error("cannot open the database {path}: it is damaged: {why}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The file is a database of some other program.
    #[error("cannot open the database: another program made it")]
    Foreign,
    /// A newer binary wrote it.
    #[error("cannot open the database: its version is {version}, this binary knows {known}")]
    Newer {
        /// The database's version.
        version: i64,
        /// The newest version that this binary knows.
        known: usize,
    },
    /// The database failed.
    #[error("cannot open the database: {0}")]
    Database(#[from] sqlx::Error),
}

/// An opened data directory.
pub(crate) struct Opened {
    /// Held as long as the store lives.
    pub(crate) lock: File,
    /// The only connection that writes.
    pub(crate) writer: SqliteConnection,
    /// How to open the writer's connection again.
    pub(crate) writer_options: SqliteConnectOptions,
    /// The connections that read.
    pub(crate) readers: SqlitePool,
}

/// Opens the directory, making what is missing.
pub(crate) async fn open(directory: &Path, options: &Options) -> Result<Opened, OpenError> {
    let lock = lock(directory)?;
    let database = directory.join(DATABASE_FILE);
    let writer_options = writer_options(&database, options);
    let writer = connect(&writer_options)
        .await
        .map_err(|error| name_damage(error, &database))?;
    sync_directory(directory)?;
    let readers = SqlitePoolOptions::new()
        .max_connections(options.readers)
        .min_connections(0)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_lazy_with(reader_options(&database, options));
    Ok(Opened {
        lock,
        writer,
        writer_options,
        readers,
    })
}

/// Makes the directory and locks it for this process. The system drops the lock when the process ends, however it ends.
fn lock(directory: &Path) -> Result<File, OpenError> {
    std::fs::create_dir_all(directory).map_err(|source| trouble(directory, source))?;
    let path = directory.join(LOCK_FILE);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|source| trouble(&path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(directory.to_owned())),
        Err(TryLockError::Error(source)) => Err(trouble(&path, source)),
    }
}

async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, OpenError> {
    let mut connection = options.connect().await?;
    migrate(&mut connection).await?;
    Ok(connection)
}

/// A new file's name survives a crash only once its directory is on the disk, and the directory's own name only once the one
/// above it is; that one may belong to somebody else, who then has made this one before.
fn sync_directory(directory: &Path) -> Result<(), OpenError> {
    if !cfg!(unix) {
        return Ok(());
    }
    let sync = |directory: &Path| File::open(directory)?.sync_all();
    sync(directory).map_err(|source| trouble(directory, source))?;
    let above = std::path::absolute(directory).map_err(|source| trouble(directory, source))?;
    if let Some(above) = above.parent()
        && let Err(error) = sync(above)
    {
        tracing::debug!(%error, "cannot sync the directory above the data directory");
    }
    Ok(())
}

fn writer_options(database: &Path, options: &Options) -> SqliteConnectOptions {
    let max_pages = options.max_pages.unwrap_or(u32::MAX - 1);
    common_options(database, options.writer_cache_kib)
        .create_if_missing(true)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("fullfsync", "on")
        .pragma("checkpoint_fullfsync", "on")
        .pragma("wal_autocheckpoint", "0")
        .pragma(
            "journal_size_limit",
            (u64::from(options.checkpoint_pages) * 8192).to_string(),
        )
        .pragma("max_page_count", max_pages.to_string())
        .thread_name(|_| "store-writer".to_owned())
        .statement_cache_capacity(128)
}

fn reader_options(database: &Path, options: &Options) -> SqliteConnectOptions {
    common_options(database, options.reader_cache_kib)
        .read_only(true)
        .thread_name(|number| format!("store-reader-{number}"))
        .statement_cache_capacity(32)
}

fn common_options(database: &Path, cache_kib: u32) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(database)
        .foreign_keys(false)
        .busy_timeout(Duration::from_secs(10))
        .pragma("cache_size", format!("-{cache_kib}"))
        .pragma("temp_store", "memory")
        .disable_statement_logging()
}

fn trouble(path: &Path, source: io::Error) -> OpenError {
    OpenError::Io {
        path: path.to_owned(),
        source,
    }
}

/// SQLite's codes for a file that is damaged (11) or no database (26).
fn name_damage(error: OpenError, database: &Path) -> OpenError {
    let OpenError::Database(sqlx::Error::Database(inner)) = &error else {
        return error;
    };
    match crate::errors::primary_code(&**inner) {
        Some(11 | 26) => OpenError::Damaged {
            path: database.to_owned(),
            why: inner.message().to_owned(),
        },
        _ => error,
    }
}
