//! A session in a database, for tests that wait for each answer.

use std::fmt;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

/// A row, each value as text; `None` is NULL.
pub type Row = Vec<Option<String>>;

/// A session. Its values are written the same way whatever the server's settings are.
pub struct Sql {
    runtime: Runtime,
    client: Client,
}

/// What a statement's failure is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The SQLSTATE, if the server said one.
    pub code: Option<String>,
    /// The message.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.as_deref().unwrap_or("no code");
        write!(formatter, "{} ({code})", self.message)
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self {
            code: error.code().map(|code| code.code().to_owned()),
            message: error
                .as_db_error()
                .map_or_else(|| error.to_string(), |told| told.message().to_owned()),
        }
    }
}

impl fmt::Debug for Sql {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sql").finish_non_exhaustive()
    }
}

impl Sql {
    /// Connects.
    ///
    /// # Panics
    /// When it can't.
    #[must_use]
    pub fn connect(url: &str) -> Self {
        Self::try_connect(url)
            .unwrap_or_else(|failure| panic!("cannot connect to {url}: {failure}"))
    }

    /// Connects, or says why it can't.
    ///
    /// # Errors
    /// When the server is not there or refuses.
    ///
    /// # Panics
    /// When the URL is malformed.
    pub fn try_connect(url: &str) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("there are file descriptors left");
        let mut config: Config = url.parse().expect("the URL is well formed");
        config
            .connect_timeout(Duration::from_secs(10))
            .application_name("ratchet tests");
        let (client, connection) = runtime.block_on(config.connect(NoTls))?;
        runtime.spawn(connection);
        let session = Self { runtime, client };
        session.try_run(PINNED)?;
        Ok(session)
    }

    /// Runs statements, which may be several, each for itself unless they say `begin`.
    ///
    /// # Panics
    /// When one fails.
    pub fn run(&self, statements: &str) {
        if let Err(failure) = self.try_run(statements) {
            panic!("{failure}\n{statements}");
        }
    }

    /// Runs statements, or says why one failed.
    ///
    /// # Errors
    /// When one fails.
    pub fn try_run(&self, statements: &str) -> Result<(), Failure> {
        self.runtime
            .block_on(self.client.batch_execute(statements))?;
        Ok(())
    }

    /// The rows of a query.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn rows(&self, query: &str) -> Vec<Row> {
        self.try_rows(query)
            .unwrap_or_else(|failure| panic!("{failure}\n{query}"))
    }

    /// The rows of a query, or why it failed.
    ///
    /// # Errors
    /// When it fails.
    pub fn try_rows(&self, query: &str) -> Result<Vec<Row>, Failure> {
        let messages = self.runtime.block_on(self.client.simple_query(query))?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                let values = (0..row.len()).map(|column| row.get(column).map(str::to_owned));
                Some(values.collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }

    /// The only value of a query.
    ///
    /// # Panics
    /// When it fails, gives another number of rows or columns than one, or NULL.
    #[must_use]
    pub fn one(&self, query: &str) -> String {
        self.optional(query)
            .unwrap_or_else(|| panic!("no value: {query}"))
    }

    /// The only value of a query, if there is a row and it is not NULL.
    ///
    /// # Panics
    /// When it fails or gives several rows.
    #[must_use]
    pub fn optional(&self, query: &str) -> Option<String> {
        let rows = self.rows(query);
        assert!(rows.len() <= 1, "several rows: {query}");
        rows.into_iter()
            .next()
            .and_then(|row| row.into_iter().next()?)
    }

    /// The lines of a table or query in COPY's text form, in which NULL and the empty string differ. `source` is what stands after `copy`.
    ///
    /// # Errors
    /// When it fails.
    pub fn try_copy(&self, source: &str) -> Result<Vec<String>, Failure> {
        use futures_util::TryStreamExt;
        let statement = format!("copy {source} to stdout");
        let chunks: Vec<_> = self
            .runtime
            .block_on(async { self.client.copy_out(&statement).await?.try_collect().await })?;
        let text = chunks.concat();
        let text = String::from_utf8_lossy(&text);
        Ok(text.lines().map(str::to_owned).collect())
    }
}

const PINNED: &str = "set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set timezone = 'UTC'; set extra_float_digits = 3; \
    set bytea_output = 'hex'; set client_min_messages = 'error'; set lock_timeout = 0; set statement_timeout = 0; set search_path = public";
