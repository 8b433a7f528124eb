//! Writes the results of a Map Run: files by status, each in parts, and a manifest of them at last.
//!
//! ```text
//!   PREFIX/RUN/SUCCEEDED_0.json  SUCCEEDED_1.json …  FAILED_0.json …  PENDING_0.json …  manifest.json
//! ```
//!
//! Who begins anew writes the same names again, so that nothing of an interrupted attempt stays beside a manifest.

use std::sync::Arc;

use asl::distributed::WriterConfig;
use bytes::Bytes;
use expression::value::Value;
use object_store::buffered::BufWriter;
use object_store::{Attribute, AttributeValue, Attributes, ObjectStoreExt, PutPayload};
use tokio::io::AsyncWriteExt;

use crate::buckets::{Bucket, Buckets};
use crate::error::Error;
use crate::request::{check_names, required, text};
use crate::results::{self, Child, Group, Layout, Manifest, ResultFiles, Written};

/// How long a file gets before the next one is begun, as AWS has it.
const FILE_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// How much of a file is in memory before it is sent, and how many such parts may be on their way.
const PART: usize = 8 * 1024 * 1024;
const PARTS: usize = 2;

/// Where results are to be written; everything is evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteRequest {
    /// The run's ARN.
    pub map_run_arn: Arc<str>,
    /// The run's own name: that of its folder.
    pub run: Arc<str>,
    /// `ResultWriter.Parameters` or `Arguments`
    pub parameters: Value,
    /// `ResultWriter.WriterConfig`
    pub config: WriterConfig,
}

/// Results that are being written.
pub struct ResultWriter {
    bucket: Bucket,
    folder: String,
    map_run_arn: Arc<str>,
    config: WriterConfig,
    layout: Layout,
    file_bytes: u64,
    failed: Files,
    pending: Files,
    succeeded: Files,
}

/// The files of one status.
#[derive(Default)]
struct Files {
    written: Vec<Written>,
    open: Option<File>,
}

struct File {
    key: String,
    writer: BufWriter,
    size: u64,
}

impl Buckets {
    /// Begins to write.
    ///
    /// # Errors
    /// When the request makes no sense.
    pub fn write(&self, request: &WriteRequest) -> Result<ResultWriter, Error> {
        let parameters = &request.parameters;
        check_names(parameters, &["Bucket", "Prefix"])?;
        let bucket = self.bucket(&required(parameters, "Bucket")?)?;
        let prefix = text(parameters, "Prefix")?.unwrap_or_default();
        let slash = match prefix.as_str() {
            "" => "",
            prefix if prefix.ends_with('/') => "",
            _ => "/",
        };
        let folder = format!("{prefix}{slash}{}", request.run);
        // What is wrong with the prefix is said before anything is written.
        bucket.location(&folder)?;
        Ok(ResultWriter {
            bucket,
            folder,
            map_run_arn: request.map_run_arn.clone(),
            config: request.config,
            layout: Layout::of(request.config),
            file_bytes: FILE_BYTES,
            failed: Files::default(),
            pending: Files::default(),
            succeeded: Files::default(),
        })
    }
}

impl ResultWriter {
    /// Begins another file after so many bytes, instead of 5 GiB.
    #[must_use]
    pub fn with_file_bytes(mut self, bytes: u64) -> Self {
        self.file_bytes = bytes;
        self
    }

    /// Takes the next child.
    ///
    /// # Errors
    /// When the store fails; what was begun is then given up.
    pub async fn add(&mut self, child: &Child<'_>) -> Result<(), Error> {
        let group = child.group;
        for text in results::texts(child, self.config.transformation) {
            let added = self.append(group, text).await;
            if added.is_err() {
                self.abort().await;
                return added;
            }
        }
        Ok(())
    }

    /// Finishes the files, writes the manifest, and says what the Map state puts out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn finish(mut self) -> Result<Value, Error> {
        for group in [Group::Failed, Group::Pending, Group::Succeeded] {
            let closed = self.close(group).await;
            if let Err(error) = closed {
                self.abort().await;
                return Err(error);
            }
        }
        let key = format!("{}/manifest.json", self.folder);
        let manifest = Manifest {
            destination_bucket: &self.bucket.name,
            map_run_arn: &self.map_run_arn,
            result_files: ResultFiles {
                failed: &self.failed.written,
                pending: &self.pending.written,
                succeeded: &self.succeeded.written,
            },
        };
        let manifest =
            serde_json::to_vec(&manifest).expect("a manifest is made of texts and numbers");
        let location = self.bucket.location(&key)?;
        self.bucket
            .store
            .put(&location, PutPayload::from(manifest))
            .await
            .map_err(|error| self.failed_at(&key, &error))?;
        Ok(Value::object([
            ("MapRunArn", Value::from(self.map_run_arn)),
            (
                "ResultWriterDetails",
                Value::object([
                    ("Bucket", Value::from(self.bucket.name)),
                    ("Key", Value::from(key)),
                ]),
            ),
        ]))
    }

    async fn append(&mut self, group: Group, text: String) -> Result<(), Error> {
        let layout = self.layout;
        let length = (layout.between.len() + text.len() + layout.after_last.len()) as u64;
        let is_full = |file: &File| file.size + length > self.file_bytes;
        if self.files(group).open.as_ref().is_some_and(is_full) {
            self.close(group).await?;
        }
        let is_new = self.files(group).open.is_none();
        let before = if is_new {
            self.open(group)?;
            layout.before_first
        } else {
            layout.between
        };
        self.put(group, Bytes::from_static(before.as_bytes()))
            .await?;
        self.put(group, Bytes::from(text)).await
    }

    fn open(&mut self, group: Group) -> Result<(), Error> {
        let number = self.files(group).written.len();
        let Layout { extension, .. } = self.layout;
        let key = format!("{}/{}_{number}.{extension}", self.folder, group.name());
        let location = self.bucket.location(&key)?;
        let mut writer = BufWriter::with_capacity(self.bucket.store.clone(), location, PART)
            .with_max_concurrency(PARTS);
        // A folder keeps no attributes.
        if self.bucket.s3.is_some() {
            let content_type = AttributeValue::from("application/json");
            let attributes = Attributes::from_iter([(Attribute::ContentType, content_type)]);
            writer = writer.with_attributes(attributes);
        }
        self.files_mut(group).open = Some(File {
            key,
            writer,
            size: 0,
        });
        Ok(())
    }

    async fn put(&mut self, group: Group, bytes: Bytes) -> Result<(), Error> {
        if bytes.is_empty() {
            return Ok(());
        }
        let Some(file) = &mut self.files_mut(group).open else {
            return Ok(());
        };
        file.size += bytes.len() as u64;
        if let Err(error) = file.writer.put(bytes).await {
            let key = file.key.clone();
            return Err(self.failed_at(&key, &error));
        }
        Ok(())
    }

    /// Ends the group's open file, if there is one.
    async fn close(&mut self, group: Group) -> Result<(), Error> {
        let last = Bytes::from_static(self.layout.after_last.as_bytes());
        self.put(group, last).await?;
        let Some(mut file) = self.files_mut(group).open.take() else {
            return Ok(());
        };
        if let Err(error) = file.writer.shutdown().await {
            let error = match error.downcast::<object_store::Error>() {
                Ok(error) => error,
                Err(error) => object_store::Error::Generic {
                    store: "S3",
                    source: error.into(),
                },
            };
            return Err(self.failed_at(&file.key, &error));
        }
        self.files_mut(group).written.push(Written {
            key: file.key,
            size: file.size,
        });
        Ok(())
    }

    /// Gives up what was begun; parts that were sent are thrown away. That this can fail changes nothing.
    async fn abort(&mut self) {
        for group in [Group::Failed, Group::Pending, Group::Succeeded] {
            if let Some(mut file) = self.files_mut(group).open.take() {
                let _left = file.writer.abort().await;
            }
        }
    }

    fn files(&self, group: Group) -> &Files {
        match group {
            Group::Failed => &self.failed,
            Group::Pending => &self.pending,
            Group::Succeeded => &self.succeeded,
        }
    }

    fn files_mut(&mut self, group: Group) -> &mut Files {
        match group {
            Group::Failed => &mut self.failed,
            Group::Pending => &mut self.pending,
            Group::Succeeded => &mut self.succeeded,
        }
    }

    fn failed_at(&self, key: &str, error: &object_store::Error) -> Error {
        self.bucket
            .failed("write", self.bucket.place_of(key), error)
    }
}
