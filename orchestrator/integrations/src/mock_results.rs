//! Holds the mocked results of tested states against the models of the services that they stand for, as AWS's TestState does.

use asl::resource::{Pattern, Resource, ServiceCall};
use aws_client::catalogue::Catalogue;
use aws_client::model::{Kind, Model, Place, Reference, Shape};
use aws_client::names::capitalised;
use expression::value::Value;
use runtime::tasks::FieldValidation;

/// The services of the optimised integrations whose results are those of the service itself, by their SDK's name.
const OPTIMISED: [(&str, &str); 14] = [
    ("athena", "athena"),
    ("batch", "batch"),
    ("codebuild", "codebuild"),
    ("databrew", "databrew"),
    ("dynamodb", "dynamodb"),
    ("ecs", "ecs"),
    ("emr-containers", "emrcontainers"),
    ("emr-serverless", "emrserverless"),
    ("events", "eventbridge"),
    ("glue", "glue"),
    ("lambda", "lambda"),
    ("sagemaker", "sagemaker"),
    ("sns", "sns"),
    ("sqs", "sqs"),
];

/// What is asked for the end of a `.sync` job: its answer is what a mock of that state stands for.
const POLLED: [(&str, &str, &str); 14] = [
    ("athena", "startQueryExecution", "getQueryExecution"),
    ("batch", "submitJob", "describeJobs"),
    ("codebuild", "startBuild", "batchGetBuilds"),
    ("codebuild", "startBuildBatch", "batchGetBuildBatches"),
    ("databrew", "startJobRun", "describeJobRun"),
    ("ecs", "runTask", "describeTasks"),
    ("emrcontainers", "startJobRun", "describeJobRun"),
    ("emrserverless", "startJobRun", "getJobRun"),
    ("glue", "startJobRun", "getJobRun"),
    ("sagemaker", "createLabelingJob", "describeLabelingJob"),
    ("sagemaker", "createProcessingJob", "describeProcessingJob"),
    ("sagemaker", "createTrainingJob", "describeTrainingJob"),
    ("sagemaker", "createTransformJob", "describeTransformJob"),
    ("sfn", "startExecution", "describeExecution"),
];

/// Holds a mocked result against what the resource can give. What no model describes can be anything.
///
/// # Errors
/// Which field is wrong, in AWS's words.
pub(crate) fn check(
    catalogue: &Catalogue,
    resource: &Resource,
    result: &Value,
    validation: FieldValidation,
) -> Result<(), String> {
    let Resource::Service(call) = resource else {
        return Ok(());
    };
    let Some(operation) = Operation::of(call).filter(|_| validation != FieldValidation::None)
    else {
        return Ok(());
    };
    // What cannot be read says nothing about the mock.
    let Ok(model) = catalogue.model(operation.service) else {
        return Ok(());
    };
    let output = model
        .operation(operation.action)
        .and_then(|(_, described)| described.output.as_ref());
    let Some(place) = output.and_then(|output| model.place(output)) else {
        return Ok(());
    };
    let checker = Checker {
        model: &model,
        is_strict: validation == FieldValidation::Strict,
        as_it_is: operation.as_it_is,
    };
    checker.structure("result", place.shape, result)
}

/// The operation whose answer a mock stands for.
struct Operation<'a> {
    service: &'a str,
    action: &'a str,
    /// Fields that hold JSON here where the service has a text.
    as_it_is: &'static [&'static str],
}

impl<'a> Operation<'a> {
    fn of(call: &'a ServiceCall) -> Option<Self> {
        let sdk = call.resource_type.strip_prefix("aws-sdk:");
        let service = match sdk {
            Some(service) => service,
            None if &*call.resource_type == "states" => "sfn",
            None => {
                let known = OPTIMISED
                    .iter()
                    .find(|(name, _)| *name == &*call.resource_type);
                known?.1
            }
        };
        let action = match call.pattern {
            Pattern::RequestResponse => &*call.action,
            // Whoever has the token gives what it likes.
            Pattern::WaitForTaskToken => return None,
            Pattern::Sync | Pattern::Sync2 => {
                let mut polled = POLLED.iter();
                polled
                    .find(|(polled, action, _)| *polled == service && *action == &*call.action)?
                    .2
            }
        };
        let as_it_is: &[&str] = match (service, call.pattern) {
            ("lambda", _) if sdk.is_none() => &["Payload"],
            ("sfn", Pattern::Sync2) => &["Input", "Output"],
            _ => &[],
        };
        Some(Self {
            service,
            action,
            as_it_is,
        })
    }
}

struct Checker<'m> {
    model: &'m Model,
    is_strict: bool,
    as_it_is: &'static [&'static str],
}

impl Checker<'_> {
    fn structure(&self, name: &str, shape: &Shape, value: &Value) -> Result<(), String> {
        if value.as_object().is_none() {
            return Err(must_be(name, "an object"));
        }
        if self.is_strict {
            let mut required = shape.required.iter().map(|name| capitalised(name));
            if let Some(missing) = required.find(|name| value.get(name).is_none()) {
                return Err(format!("Required field '{missing}' is missing"));
            }
        }
        for (name, member) in &shape.members {
            let name = capitalised(name);
            let Some(value) = value.get(&name) else {
                continue;
            };
            if !self.as_it_is.contains(&&*name) {
                self.reference(&name, member, value)?;
            }
        }
        Ok(())
    }

    fn reference(&self, name: &str, reference: &Reference, value: &Value) -> Result<(), String> {
        match self.model.place(reference) {
            Some(place) => self.place(name, place, value),
            None => Ok(()),
        }
    }

    fn place(&self, name: &str, place: Place<'_>, value: &Value) -> Result<(), String> {
        let shape = place.shape;
        if shape.document || place.reference.jsonvalue || *value == Value::Null {
            return Ok(());
        }
        match shape.kind {
            Kind::Structure => self.structure(name, shape, value),
            Kind::List => {
                let items = value.as_array().ok_or_else(|| must_be(name, "an array"))?;
                let Some(item) = &shape.member else {
                    return Ok(());
                };
                items
                    .iter()
                    .try_for_each(|value| self.reference(name, item, value))
            }
            Kind::Map => {
                let members = value
                    .as_object()
                    .ok_or_else(|| must_be(name, "an object"))?;
                let Some(member) = &shape.value else {
                    return Ok(());
                };
                members
                    .iter()
                    .try_for_each(|(key, value)| self.reference(key, member, value))
            }
            Kind::String | Kind::Blob => {
                let text = value.as_str().ok_or_else(|| must_be(name, "a string"))?;
                string(name, shape, text)
            }
            Kind::Timestamp => {
                value.as_str().ok_or_else(|| must_be(name, "a string"))?;
                Ok(())
            }
            Kind::Integer | Kind::Long | Kind::Float | Kind::Double => {
                let number = value.as_f64().ok_or_else(|| must_be(name, "a number"))?;
                within(shape, number).map_err(|side| match side {
                    Side::Below => format!("Field '{name}' is less than the minimum value"),
                    Side::Above => format!("Field '{name}' exceeds the maximum value"),
                })
            }
            Kind::Boolean => {
                value.as_bool().ok_or_else(|| must_be(name, "a boolean"))?;
                Ok(())
            }
        }
    }
}

fn string(name: &str, shape: &Shape, text: &str) -> Result<(), String> {
    if !shape.values.is_empty() && !shape.values.iter().any(|known| **known == *text) {
        return Err(format!("Field '{name}' is not an expected value"));
    }
    let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    within(shape, f64::from(length)).map_err(|side| match side {
        Side::Below => format!("Field '{name}' is smaller than the minimum length"),
        Side::Above => format!("Field '{name}' is larger than the maximum length"),
    })
}

/// On which side of its bounds a number or length is.
enum Side {
    Below,
    Above,
}

fn within(shape: &Shape, number: f64) -> Result<(), Side> {
    let bound =
        |bound: &Option<serde_json::Number>| bound.as_ref().and_then(serde_json::Number::as_f64);
    if bound(&shape.min).is_some_and(|least| number < least) {
        return Err(Side::Below);
    }
    if bound(&shape.max).is_some_and(|most| number > most) {
        return Err(Side::Above);
    }
    Ok(())
}

fn must_be(name: &str, what: &str) -> String {
    format!("Field '{name}' must be {what}")
}

#[cfg(test)]
mod tests {
    use asl::resource::Resource;
    use aws_client::catalogue::Catalogue;
    use expect_test::{Expect, expect};
    use expression::value::Value;
    use runtime::tasks::FieldValidation;

    use super::check as checked;

    fn check(resource: &str, result: &str, validation: FieldValidation, expected: Expect) {
        let resource = Resource::parse(&format!("arn:aws:states:::{resource}")).unwrap();
        let result = Value::parse(result).unwrap();
        let shown = match checked(&Catalogue::default(), &resource, &result, validation) {
            Ok(()) => "good".to_owned(),
            Err(why) => why,
        };
        expected.assert_eq(&shown);
    }

    use FieldValidation::{None as Unchecked, Present, Strict};

    #[test]
    fn required_fields_must_be_there_if_strict() {
        let start = "states:startExecution";
        check(
            start,
            "{}",
            Strict,
            expect!["Required field 'ExecutionArn' is missing"],
        );
        check(start, "{}", Present, expect!["good"]);
        check(
            start,
            r#"{"executionArn":"a","startDate":"b"}"#,
            Strict,
            expect!["Required field 'ExecutionArn' is missing"],
        );
        check(
            start,
            r#"{"ExecutionArn":"a","StartDate":"b","More":1}"#,
            Strict,
            expect!["good"],
        );
        check(start, "{}", Unchecked, expect!["good"]);
        check(
            start,
            "[]",
            Present,
            expect!["Field 'result' must be an object"],
        );
        // Nested ones, too.
        check(
            "aws-sdk:sfn:describeStateMachine",
            r#"{"LoggingConfiguration":{"Destinations":[{"CloudWatchLogsLogGroup":1}]}}"#,
            Present,
            expect!["Field 'CloudWatchLogsLogGroup' must be an object"],
        );
    }

    #[test]
    fn what_is_there_must_be_of_its_type_and_within_its_bounds() {
        check(
            "states:startExecution",
            r#"{"StartDate":1764103483}"#,
            Present,
            expect!["Field 'StartDate' must be a string"],
        );
        check(
            "events:putEvents",
            r#"{"Entries":[{"EventId":"a"},{"EventId":["b"]}]}"#,
            Strict,
            expect!["Field 'EventId' must be a string"],
        );
        check(
            "events:putEvents",
            r#"{"Entries":"a"}"#,
            Strict,
            expect!["Field 'Entries' must be an array"],
        );
        check(
            "dynamodb:putItem",
            r#"{"ConsumedCapacity":{"CapacityUnits":"123.45"}}"#,
            Strict,
            expect!["Field 'CapacityUnits' must be a number"],
        );
        check(
            "aws-sdk:lambda:getFunction",
            r#"{"Configuration":{"MemorySize":127}}"#,
            Strict,
            expect!["Field 'MemorySize' is less than the minimum value"],
        );
        check(
            "aws-sdk:lambda:getFunction",
            r#"{"Configuration":{"MemorySize":32769}}"#,
            Present,
            expect!["Field 'MemorySize' exceeds the maximum value"],
        );
        check(
            "aws-sdk:s3:getObject",
            r#"{"StorageClass":"Papyrus"}"#,
            Present,
            expect!["Field 'StorageClass' is not an expected value"],
        );
        check(
            "aws-sdk:kms:encrypt",
            r#"{"CiphertextBlob":""}"#,
            Strict,
            expect!["Field 'CiphertextBlob' is smaller than the minimum length"],
        );
        check(
            "aws-sdk:dynamodb:getItem",
            r#"{"Item":{"a":{"BOOL":"yes"}}}"#,
            Strict,
            expect!["Field 'BOOL' must be a boolean"],
        );
    }

    #[test]
    fn a_mock_stands_for_what_the_state_would_have() {
        // The function's own answer is JSON, whatever the service calls it.
        check(
            "lambda:invoke",
            r#"{"Payload":{"a":1},"StatusCode":200}"#,
            Strict,
            expect!["good"],
        );
        check(
            "lambda:invoke",
            r#"{"StatusCode":"200"}"#,
            Strict,
            expect!["Field 'StatusCode' must be a number"],
        );
        // A job's end is what is asked for while it runs.
        check(
            "states:startExecution.sync",
            "{}",
            Strict,
            expect!["Required field 'ExecutionArn' is missing"],
        );
        check(
            "states:startExecution.sync",
            r#"{"Output":{"a":1}}"#,
            Present,
            expect!["Field 'Output' must be a string"],
        );
        check(
            "states:startExecution.sync:2",
            r#"{"Output":{"a":1}}"#,
            Present,
            expect!["good"],
        );
        // What nobody describes can be anything.
        for resource in [
            "sqs:sendMessage.waitForTaskToken",
            "http:invoke",
            "apigateway:invoke",
            "aws-sdk:nosuch:thing",
            "aws-sdk:sqs:noSuchAction",
        ] {
            check(resource, r#"[1]"#, Strict, expect!["good"]);
        }
    }
}
