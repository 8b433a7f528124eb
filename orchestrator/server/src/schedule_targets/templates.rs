//! Resources of AWS's services that a schedule names by their ARN alone: which call such a target stands for.
//!
//! The source: "Using templated targets" of EventBridge Scheduler's user guide.

use schedule::expression::Mistake;
use schedule_runtime::targets::Call;
use serde_json::{Map, Value, json};

/// A resource that has a call of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Template {
    /// The SQS queue of that address: the input is the message.
    Queue { url: String, is_fifo: bool },
    /// The SNS topic of that ARN: the input is the message.
    Topic(String),
    /// The Kinesis stream of that ARN: the input is the record.
    Stream(String),
    /// The Firehose stream of that name: the input is the record.
    DeliveryStream(String),
    /// The event bus of that ARN: the input is the event's detail.
    EventBus(String),
    /// The ECS cluster of that ARN: the input is what the task overrides.
    Cluster(String),
    /// The SageMaker pipeline of that name.
    Pipeline(String),
    /// The CodeBuild project of that name: the input is what the build overrides.
    Project(String),
    /// The CodePipeline pipeline of that name.
    CodePipeline(String),
}

/// A call of a service.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    /// As the resource type of a task: `aws-sdk:sqs`, or `ecs` where a call that was answered may have failed all the same.
    pub(super) kind: &'static str,
    pub(super) operation: &'static str,
    pub(super) input: Value,
}

/// Members of RunTask's `overrides`. The event that stands for no input has none of them.
const TASK_OVERRIDES: &[&str] = &[
    "containerOverrides",
    "cpu",
    "ephemeralStorage",
    "executionRoleArn",
    "inferenceAcceleratorOverrides",
    "memory",
    "taskRoleArn",
];

/// EcsParameters whose names RunTask has, too.
const TASK_PARAMETERS: &[&str] = &[
    "CapacityProviderStrategy",
    "EnableECSManagedTags",
    "EnableExecuteCommand",
    "Group",
    "LaunchType",
    "NetworkConfiguration",
    "PlacementConstraints",
    "PlacementStrategy",
    "PlatformVersion",
    "PropagateTags",
    "ReferenceId",
    "Tags",
];

impl Template {
    /// The resource of that service, if it has a call of its own.
    pub(super) fn of(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let &[_, _, service, region, account, resource] = parts.as_slice() else {
            return None;
        };
        let template = match (service, resource.split_once([':', '/'])) {
            ("sqs", None) => Self::Queue {
                url: format!("https://sqs.{region}.amazonaws.com/{account}/{resource}"),
                is_fifo: resource.ends_with(".fifo"),
            },
            ("sns", None) => Self::Topic(arn.to_owned()),
            ("kinesis", Some(("stream", _))) => Self::Stream(arn.to_owned()),
            ("firehose", Some(("deliverystream", name))) => Self::DeliveryStream(name.to_owned()),
            ("events", Some(("event-bus", _))) => Self::EventBus(arn.to_owned()),
            ("ecs", Some(("cluster", _))) => Self::Cluster(arn.to_owned()),
            ("sagemaker", Some(("pipeline", name))) => Self::Pipeline(name.to_owned()),
            ("codebuild", Some(("project", name))) => Self::Project(name.to_owned()),
            ("codepipeline", None) => Self::CodePipeline(resource.to_owned()),
            _ => return None,
        };
        Some(template)
    }

    /// Whether the target's parameters say what the call needs.
    ///
    /// # Errors
    /// What is missing.
    pub(super) fn check(&self, parameters: &Map<String, Value>) -> Result<(), Mistake> {
        let (block, members): (_, &[&str]) = match self {
            Self::Queue { is_fifo: true, .. } => ("Target.SqsParameters", &["MessageGroupId"]),
            Self::Stream(_) => ("Target.KinesisParameters", &["PartitionKey"]),
            Self::EventBus(_) => ("Target.EventBridgeParameters", &["DetailType", "Source"]),
            Self::Cluster(_) => ("Target.EcsParameters", &["TaskDefinitionArn"]),
            Self::Queue { is_fifo: false, .. }
            | Self::Topic(_)
            | Self::DeliveryStream(_)
            | Self::Pipeline(_)
            | Self::Project(_)
            | Self::CodePipeline(_) => return Ok(()),
        };
        let given = parameters.get(block.trim_start_matches("Target."));
        let is_there = |member: &&str| {
            let value = given.and_then(|given| given.get(*member)?.as_str());
            value.is_some_and(|value| !value.is_empty())
        };
        match members.iter().find(|member| !is_there(member)) {
            None => Ok(()),
            Some(missing) => {
                let given = given.map_or_else(String::new, Value::to_string);
                let why = format!("this target needs it, with {missing}");
                Err(Mistake::new(block, given, why))
            }
        }
    }

    /// The call.
    ///
    /// # Errors
    /// When the input is not one for this resource.
    pub(super) fn request(&self, call: &Call) -> Result<Request, String> {
        let block = |name: &str| call.parameters.get(name).cloned().unwrap_or_default();
        let request = |kind, operation, input| {
            Ok(Request {
                kind,
                operation,
                input,
            })
        };
        match self {
            Self::Queue { url, is_fifo } => {
                let mut input = json!({"QueueUrl": url, "MessageBody": call.input});
                if let Some(group) = block("SqsParameters").get("MessageGroupId") {
                    input["MessageGroupId"] = group.clone();
                }
                if *is_fifo {
                    // A call that is repeated is the same message.
                    input["MessageDeduplicationId"] = call.run.as_str().into();
                }
                request("aws-sdk:sqs", "sendMessage", input)
            }
            Self::Topic(arn) => {
                let input = json!({"TopicArn": arn, "Message": call.input});
                request("aws-sdk:sns", "publish", input)
            }
            Self::Stream(arn) => {
                let key = block("KinesisParameters")["PartitionKey"].clone();
                let input = json!({"StreamARN": arn, "Data": call.input, "PartitionKey": key});
                request("aws-sdk:kinesis", "putRecord", input)
            }
            Self::DeliveryStream(name) => {
                let input = json!({"DeliveryStreamName": name, "Record": {"Data": call.input}});
                request("aws-sdk:firehose", "putRecord", input)
            }
            Self::EventBus(arn) => {
                let described = block("EventBridgeParameters");
                let entry = json!({
                    "EventBusName": arn,
                    "DetailType": described["DetailType"],
                    "Source": described["Source"],
                    "Detail": object(&call.input)?,
                });
                request("events", "putEvents", json!({"Entries": [entry]}))
            }
            Self::Cluster(arn) => {
                let parameters = block("EcsParameters");
                let mut input = json!({
                    "Cluster": arn,
                    "TaskDefinition": parameters["TaskDefinitionArn"],
                    "Count": parameters.get("TaskCount").cloned().unwrap_or_else(|| 1.into()),
                });
                for name in TASK_PARAMETERS {
                    if let Some(value) = parameters.get(*name) {
                        input[*name] = raised(value.clone());
                    }
                }
                let overrides = picked(&call.input, |name| TASK_OVERRIDES.contains(&name))?;
                if !overrides.is_empty() {
                    input["Overrides"] = raised(Value::Object(overrides));
                }
                request("ecs", "runTask", input)
            }
            Self::Pipeline(name) => {
                let mut input = json!({"PipelineName": name});
                let parameters = block("SageMakerPipelineParameters");
                if let Some(list) = parameters.get("PipelineParameterList") {
                    input["PipelineParameters"] = list.clone();
                }
                request("aws-sdk:sagemaker", "startPipelineExecution", input)
            }
            Self::Project(name) => {
                let is_override =
                    |member: &str| member.ends_with("Override") || member == "sourceVersion";
                let mut input = picked(&call.input, is_override)?;
                input.insert("projectName".to_owned(), name.as_str().into());
                request("codebuild", "startBuild", raised(Value::Object(input)))
            }
            Self::CodePipeline(name) => {
                let input = json!({"Name": name});
                request("aws-sdk:codepipeline", "startPipelineExecution", input)
            }
        }
    }
}

fn object(input: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(input)
        .map_err(|error| format!("the target's input is no JSON object: {error}"))
}

/// The members of the input that are meant for the call.
fn picked(input: &str, is_meant: impl Fn(&str) -> bool) -> Result<Map<String, Value>, String> {
    let mut members = object(input)?;
    members.retain(|name, _| is_meant(name));
    Ok(members)
}

/// The services of containers write members with a small first letter; here they have a capital one.
fn raised(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let raised = members.into_iter().map(|(name, value)| {
                let mut letters = name.chars();
                let first = letters.next().map(|first| first.to_ascii_uppercase());
                (first.into_iter().chain(letters).collect(), raised(value))
            });
            Value::Object(raised.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(raised).collect()),
        other => other,
    }
}
