//! What is written of a child: its output alone, or everything that is known of it.

use std::fmt;

use asl::distributed::{ResultFormat, ResultTransformation, WriterConfig};
use expression::value::Value;
use serde::Serialize;

/// A child of a Map Run.
#[derive(Clone, Copy)]
pub struct Child<'a> {
    /// Which files it goes to.
    pub group: Group,
    /// Its output, if it has one.
    pub output: Option<&'a Value>,
    /// Everything that is known of it, made where it is wanted.
    pub describe: &'a (dyn Fn() -> Value + Send + Sync),
}

/// Which files a child goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Those that failed, took too long or were stopped.
    Failed,
    /// Those that were not over when the run was.
    Pending,
    /// Those with an output.
    Succeeded,
}

impl fmt::Debug for Child<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Child")
            .field("group", &self.group)
            .field("output", &self.output)
            .finish_non_exhaustive()
    }
}

impl Group {
    /// Its name in files' names and in the manifest.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Failed => "FAILED",
            Self::Pending => "PENDING",
            Self::Succeeded => "SUCCEEDED",
        }
    }
}

/// The texts that a child adds to its file: none, one, or one for each element of its output.
pub(crate) fn texts(child: &Child<'_>, transformation: ResultTransformation) -> Vec<String> {
    match (transformation, child.output) {
        (ResultTransformation::Compact, Some(output)) => vec![output.to_text()],
        (ResultTransformation::Flatten, Some(output)) => match output.as_array() {
            Some(elements) => elements.iter().map(Value::to_text).collect(),
            None => vec![output.to_text()],
        },
        // AWS describes a child without an output whatever is asked for.
        (ResultTransformation::None, _)
        | (ResultTransformation::Compact | ResultTransformation::Flatten, None) => {
            vec![(child.describe)().to_text()]
        }
    }
}

/// How texts stand in a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) before_first: &'static str,
    pub(crate) between: &'static str,
    pub(crate) after_last: &'static str,
    pub(crate) extension: &'static str,
}

impl Layout {
    pub(crate) fn of(config: WriterConfig) -> Self {
        match config.output {
            ResultFormat::Json => Self {
                before_first: "[",
                between: ",",
                after_last: "]",
                extension: "json",
            },
            ResultFormat::JsonLines => Self {
                before_first: "",
                between: "\n",
                after_last: "\n",
                extension: "jsonl",
            },
        }
    }
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Written {
    pub(crate) key: String,
    pub(crate) size: u64,
}

/// `manifest.json`
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Manifest<'a> {
    pub(crate) destination_bucket: &'a str,
    pub(crate) map_run_arn: &'a str,
    pub(crate) result_files: ResultFiles<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) struct ResultFiles<'a> {
    pub(crate) failed: &'a [Written],
    pub(crate) pending: &'a [Written],
    pub(crate) succeeded: &'a [Written],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_described_given_or_flattened_by_one_level() {
        let check =
            |transformation: ResultTransformation, output: Option<&str>, expected: &[&str]| {
                let output = output.map(|output| Value::parse(output).unwrap());
                let child = Child {
                    group: Group::Succeeded,
                    output: output.as_ref(),
                    describe: &|| "described".into(),
                };
                assert_eq!(texts(&child, transformation), expected);
            };
        use ResultTransformation::{Compact, Flatten, None as Whole};
        check(Whole, Some("{ }"), &["\"described\""]);
        check(Compact, Some("[1, [2]]"), &["[1,[2]]"]);
        check(Flatten, Some("[1, [2], \"x\"]"), &["1", "[2]", "\"x\""]);
        check(Flatten, Some("[]"), &[]);
        check(Flatten, Some("{\"a\" : 1}"), &["{\"a\":1}"]);
        for transformation in [Whole, Compact, Flatten] {
            check(transformation, None, &["\"described\""]);
        }
    }
}
