//! Where distributed Maps read their items and write their results: the crate `items` under the runtime's trait.

use std::sync::Arc;

use expression::value::Value;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use integrations::Settings;
use interpreter::failure::Failure;
use items::Buckets;
use items::buckets::{Credentials, Settings as BucketSettings};
use items::reader::Position;
use items::request::ReadRequest;
use items::results::{Child, Group};
use items::writer::WriteRequest;
use runtime::items::{
    Chunk, Item, ItemReader, ItemStore, ReadItems, ResultWriter, WriteResults, described,
    reader_failed, writer_failed,
};
use runtime::views::ExecutionView;
use store::records::ExecutionStatus;

use crate::config::Config;
use crate::outcome::Error;

/// The buckets of S3, and those of the configuration.
#[derive(Debug)]
pub(crate) struct S3Items(Buckets);

impl S3Items {
    /// S3 is where calls of AWS's services find it, with the same access key.
    ///
    /// # Errors
    /// When an endpoint is no URL, or a folder is not there.
    pub(crate) fn open(config: &Config, settings: &Settings) -> Result<Self, Error> {
        let endpoint = settings.aws.endpoints.get("s3");
        let folders = config.s3.buckets.iter();
        let buckets = Buckets::new(BucketSettings {
            endpoint: endpoint.or(settings.aws.endpoint.as_ref()).cloned(),
            region: settings.region.clone(),
            credentials: settings.credentials.as_ref().map(|key| Credentials {
                access_key_id: key.access_key_id.clone(),
                secret_access_key: key.secret_access_key.0.clone(),
                session_token: key.session_token.as_ref().map(|token| token.0.clone()),
            }),
            folders: folders
                .map(|(name, folder)| (name.clone(), folder.0.clone()))
                .collect(),
            certificate_authorities: settings.http.certificate_authorities.clone(),
        });
        let buckets = buckets.map_err(|error| Error::Usage(error.to_string()))?;
        Ok(Self(buckets))
    }
}

struct Reader(items::reader::ItemReader);

struct Writer(items::writer::ResultWriter);

impl ItemStore for S3Items {
    fn open(
        &self,
        request: ReadItems,
        from: Option<Arc<str>>,
    ) -> BoxFuture<'static, Result<Box<dyn ItemReader>, Failure>> {
        let buckets = self.0.clone();
        async move {
            let position = match from {
                Some(text) => Position::from_text(&text),
                None => Ok(Position::default()),
            };
            let position = position.map_err(|error| reader_failed(error.to_string()))?;
            let request = ReadRequest {
                resource: request.resource,
                parameters: request.parameters.value().clone(),
                config: request.config,
                max_items: request.max_items,
            };
            match buckets.read(&request, position).await {
                Ok(reader) => Ok(Box::new(Reader(reader)) as Box<dyn ItemReader>),
                Err(error) => Err(reader_failed(error.to_string())),
            }
        }
        .boxed()
    }

    fn create(
        &self,
        request: WriteResults,
    ) -> BoxFuture<'static, Result<Box<dyn ResultWriter>, Failure>> {
        let request = WriteRequest {
            map_run_arn: request.map_run_arn,
            run: request.run,
            parameters: request.parameters.value().clone(),
            config: request.config,
        };
        let begun = match self.0.write(&request) {
            Ok(writer) => Ok(Box::new(Writer(writer)) as Box<dyn ResultWriter>),
            Err(error) => Err(writer_failed(error.to_string())),
        };
        std::future::ready(begun).boxed()
    }
}

impl ItemReader for Reader {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Chunk>, Failure>> {
        async move {
            let chunk = self.0.next().await;
            let chunk = chunk.map_err(|error| reader_failed(error.to_string()))?;
            Ok(chunk.map(|chunk| {
                let item = |item: items::reader::Item| Item {
                    value: item.value,
                    key: item.key,
                    source: Some(item.source),
                };
                Chunk {
                    items: chunk.items.into_iter().map(item).collect(),
                    next: chunk.next.to_text().into(),
                }
            }))
        }
        .boxed()
    }
}

impl ResultWriter for Writer {
    fn add(&mut self, children: Vec<ExecutionView>) -> BoxFuture<'_, Result<(), Failure>> {
        async move {
            for child in &children {
                let group = match child.status {
                    ExecutionStatus::Succeeded => Group::Succeeded,
                    ExecutionStatus::Running => Group::Pending,
                    ExecutionStatus::Failed
                    | ExecutionStatus::TimedOut
                    | ExecutionStatus::Aborted => Group::Failed,
                };
                let child = Child {
                    group,
                    output: child.output.as_ref().map(|output| output.value()),
                    describe: &|| described(child),
                };
                let added = self.0.add(&child).await;
                added.map_err(|error| writer_failed(error.to_string()))?;
            }
            Ok(())
        }
        .boxed()
    }

    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<Value, Failure>> {
        async move {
            let finished = self.0.finish().await;
            finished.map_err(|error| writer_failed(error.to_string()))
        }
        .boxed()
    }
}
