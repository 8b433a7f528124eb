//! What stands in for S3: it reads nothing, and keeps what is written.

use std::sync::{Arc, Mutex, PoisonError};

use expression::value::Value;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use interpreter::failure::Failure;
use runtime::items::{
    ItemReader, ItemStore, ReadItems, ResultWriter, WriteResults, described, reader_failed,
    writer_failed,
};
use runtime::views::ExecutionView;

/// The results that were written last: a line for each child.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf(Arc<Mutex<Vec<String>>>);

impl Shelf {
    pub(crate) fn text(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .join("\n")
    }
}

impl ItemStore for Shelf {
    fn open(
        &self,
        _: ReadItems,
        _: Option<Arc<str>>,
    ) -> BoxFuture<'static, Result<Box<dyn ItemReader>, Failure>> {
        ready(Err(reader_failed("there is nothing to read"))).boxed()
    }

    fn create(
        &self,
        request: WriteResults,
    ) -> BoxFuture<'static, Result<Box<dyn ResultWriter>, Failure>> {
        let bucket = request.parameters.value().get("Bucket");
        if bucket.and_then(Value::as_str) == Some("gone") {
            return ready(Err(writer_failed("there is no bucket"))).boxed();
        }
        let writer = Writer {
            shelf: self.clone(),
            lines: Vec::new(),
        };
        ready(Ok(Box::new(writer) as Box<dyn ResultWriter>)).boxed()
    }
}

struct Writer {
    shelf: Shelf,
    lines: Vec<String>,
}

impl ResultWriter for Writer {
    fn add(&mut self, children: Vec<ExecutionView>) -> BoxFuture<'_, Result<(), Failure>> {
        for child in &children {
            let described = described(child);
            let text = |name| described.get(name).map(Value::to_text).unwrap_or_default();
            self.lines.push(format!(
                "{} {} redriven {}",
                text("Status"),
                text("Input"),
                text("RedriveCount")
            ));
        }
        ready(Ok(())).boxed()
    }

    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<Value, Failure>> {
        let mut kept = self.shelf.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = self.lines;
        ready(Ok(Value::object([("written", true.into())]))).boxed()
    }
}
