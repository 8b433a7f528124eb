//! The integrations that AWS has made for some services: which calls there are, what becomes of their parameters, and how their results look.

use std::collections::BTreeMap;

use aws_client::client::{Answer, Call};
use aws_client::timestamps::Style;
use interpreter::failure::Failure;
use interpreter::payload::Payload;
use runtime::tasks::TaskCall;
use serde_json::{Map, Value, json};

use crate::failures::failure;
use crate::lambda_result::{Reply, all_headers, headers};

use super::service_failures::{Dialect, failed};
use super::{AwsServices, api_gateway, emr, parameters, payload, token, trace};

/// An integration.
#[derive(Debug)]
pub(super) struct Optimised {
    /// Its name in resources: `sqs`.
    pub(super) name: &'static str,
    /// The service, as `aws-sdk` names it.
    pub(super) service: &'static str,
    /// What its errors begin with.
    pub(super) prefix: &'static str,
    /// What its causes call the service.
    pub(super) client: &'static str,
    /// The exception for errors that have none of their own.
    pub(super) general: &'static str,
}

/// All of them.
const INTEGRATIONS: &[Optimised] = &[
    Optimised {
        name: "apigateway",
        service: "apigateway",
        prefix: "ApiGateway",
        client: "AmazonApiGateway",
        general: "AmazonApiGatewayException",
    },
    Optimised {
        name: "athena",
        service: "athena",
        prefix: "Athena",
        client: "AmazonAthena",
        general: "AmazonAthenaException",
    },
    // Where this server runs no container jobs itself.
    Optimised {
        name: "batch",
        service: "batch",
        prefix: "Batch",
        client: "AWSBatch",
        general: "AWSBatchException",
    },
    Optimised {
        name: "bedrock",
        service: "bedrockruntime",
        prefix: "Bedrock",
        client: "AmazonBedrockRuntime",
        general: "AmazonBedrockRuntimeException",
    },
    Optimised {
        name: "codebuild",
        service: "codebuild",
        prefix: "CodeBuild",
        client: "AWSCodeBuild",
        general: "AWSCodeBuildException",
    },
    Optimised {
        name: "databrew",
        service: "databrew",
        prefix: "DataBrew",
        client: "AWSGlueDataBrew",
        general: "AWSGlueDataBrewException",
    },
    Optimised {
        name: "dynamodb",
        service: "dynamodb",
        prefix: "DynamoDB",
        client: "AmazonDynamoDBv2",
        general: "AmazonDynamoDBException",
    },
    Optimised {
        name: "ecs",
        service: "ecs",
        prefix: "ECS",
        client: "AmazonECS",
        general: "AmazonECSException",
    },
    Optimised {
        name: "eks",
        service: "eks",
        prefix: "EKS",
        client: "AmazonEKS",
        general: "AmazonEKSException",
    },
    Optimised {
        name: "elasticmapreduce",
        service: "emr",
        prefix: "ElasticMapReduce",
        client: "AmazonElasticMapReduce",
        general: "AmazonElasticMapReduceException",
    },
    Optimised {
        name: "emr-containers",
        service: "emrcontainers",
        prefix: "EMRContainers",
        client: "AmazonEMRContainers",
        general: "AmazonEMRContainersException",
    },
    Optimised {
        name: "emr-serverless",
        service: "emrserverless",
        prefix: "EMRServerless",
        client: "AWSEMRServerless",
        general: "AWSEMRServerlessException",
    },
    Optimised {
        name: "events",
        service: "eventbridge",
        prefix: "EventBridge",
        client: "AmazonEventBridge",
        general: "AmazonEventBridgeException",
    },
    Optimised {
        name: "glue",
        service: "glue",
        prefix: "Glue",
        client: "AWSGlue",
        general: "AWSGlueException",
    },
    Optimised {
        name: "mediaconvert",
        service: "mediaconvert",
        prefix: "MediaConvert",
        client: "AWSMediaConvert",
        general: "AWSMediaConvertException",
    },
    Optimised {
        name: "sagemaker",
        service: "sagemaker",
        prefix: "SageMaker",
        client: "AmazonSageMaker",
        general: "AmazonSageMakerException",
    },
    Optimised {
        name: "sns",
        service: "sns",
        prefix: "SNS",
        client: "AmazonSNS",
        general: "AmazonSNSException",
    },
    Optimised {
        name: "sqs",
        service: "sqs",
        prefix: "SQS",
        client: "AmazonSQS",
        general: "AmazonSQSException",
    },
];

/// The integration of a resource type.
pub(super) fn service(resource_type: &str) -> Option<&'static Optimised> {
    INTEGRATIONS
        .iter()
        .find(|integration| integration.name == resource_type)
}

/// What a call gave.
#[derive(Debug)]
pub(super) struct Performed {
    /// The result as the state gets it, without what the answer came with.
    pub(super) result: Value,
    /// What the answer came with, where results have it.
    metadata: Option<Metadata>,
}

#[derive(Debug)]
struct Metadata {
    status: u16,
    headers: http::HeaderMap,
}

impl Performed {
    /// A result without what the answer came with.
    pub(super) fn bare(result: Value) -> Self {
        Self {
            result,
            metadata: None,
        }
    }

    /// A result with what its answer came with.
    pub(super) fn of(answer: Answer) -> Self {
        Self {
            result: answer.result,
            metadata: Some(Metadata {
                status: answer.status,
                headers: answer.headers,
            }),
        }
    }

    /// The same with another result.
    pub(super) fn map(self, change: impl FnOnce(Value) -> Value) -> Self {
        Self {
            result: change(self.result),
            metadata: self.metadata,
        }
    }

    /// The state's result.
    pub(super) fn payload(&self) -> Payload {
        payload(self.value())
    }

    /// The state's result, as JSON.
    pub(super) fn value(&self) -> Value {
        let Some(metadata) = &self.metadata else {
            return self.result.clone();
        };
        let members = self.result.as_object().cloned().unwrap_or_default();
        let mut members: BTreeMap<String, Value> = members.into_iter().collect();
        let came = Reply::headers_of(&metadata.headers);
        let id = metadata
            .headers
            .get("x-amzn-requestid")
            .or_else(|| metadata.headers.get("x-amz-request-id"))
            .and_then(|id| id.to_str().ok())
            .map(str::to_owned);
        let plain = |value: expression::value::Value| {
            serde_json::from_str::<Value>(&value.to_text()).unwrap_or_default()
        };
        members.insert(
            "SdkHttpMetadata".to_owned(),
            json!({
                "AllHttpHeaders": plain(all_headers(&came)),
                "HttpHeaders": plain(headers(came)),
                "HttpStatusCode": metadata.status,
            }),
        );
        members.insert(
            "SdkResponseMetadata".to_owned(),
            match id {
                Some(id) => json!({ "RequestId": id }),
                None => json!({}),
            },
        );
        Value::Object(members.into_iter().collect())
    }
}

/// Performs a call, whatever is waited for afterwards.
pub(super) async fn perform(
    services: &AwsServices,
    optimised: &Optimised,
    action: &str,
    call: &TaskCall,
) -> Result<Performed, Failure> {
    let mut given = parameters(call)?;
    match optimised.name {
        "apigateway" => return api_gateway::invoke(services, optimised, &given, call).await,
        "elasticmapreduce" => return emr::perform(services, optimised, action, given, call).await,
        "events" => events_of(&mut given, call),
        // The model doesn't say that the client is to make it up.
        "codebuild" if ["startBuild", "startBuildBatch", "retryBuildBatch"].contains(&action) => {
            named_by_attempt(&mut given, call);
        }
        "bedrock" => as_text(&mut given, "Body"),
        "sqs" => as_text(&mut given, "MessageBody"),
        "sns" => as_text(&mut given, "Message"),
        _ => {}
    }
    let answer = ask(services, optimised, action, &given, call).await?;
    match optimised.name {
        "events" => put_events(answer),
        "ecs" => run_task(answer),
        "bedrock" => Ok(Performed::bare(with_json_body(answer.result))),
        _ => Ok(Performed::of(answer)),
    }
}

/// Calls an operation in the optimised dialect.
pub(super) async fn ask(
    services: &AwsServices,
    optimised: &Optimised,
    action: &str,
    given: &Value,
    call: &TaskCall,
) -> Result<Answer, Failure> {
    let (token, headers) = (token(call), trace(call));
    let called = services.0.client.call(Call {
        service: optimised.service,
        action,
        parameters: given,
        token: &token,
        style: Style::Milliseconds,
        timeout: None,
        headers: &headers,
    });
    called
        .await
        .map_err(|error| failed(Dialect::Optimised(optimised), call, error))
}

/// A build that is asked for once more, after a crash, is the same build.
fn named_by_attempt(given: &mut Value, call: &TaskCall) {
    if let Value::Object(members) = given {
        let name = members.entry("IdempotencyToken");
        name.or_insert_with(|| token(call).into());
    }
}

/// A message may be written as JSON, and is sent as its text.
fn as_text(given: &mut Value, name: &str) {
    if let Some(message) = given.get_mut(name)
        && !message.is_string()
        && !message.is_null()
    {
        *message = Value::String(message.to_string());
    }
}

/// Events tell who sent them.
fn events_of(given: &mut Value, call: &TaskCall) {
    let Some(Value::Array(entries)) = given.get_mut("Entries") else {
        return;
    };
    for entry in entries {
        as_text(entry, "Detail");
        let Value::Object(entry) = entry else {
            continue;
        };
        let resources = entry
            .entry("Resources")
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(resources) = resources {
            resources.extend(machine_of(&call.execution_arn).map(Value::String));
            resources.push(Value::String(call.execution_arn.to_string()));
        }
    }
}

/// `arn:aws:states:R:A:execution:machine:name` is an execution of `arn:aws:states:R:A:stateMachine:machine`.
fn machine_of(execution_arn: &str) -> Option<String> {
    let parts: Vec<&str> = execution_arn.split(':').collect();
    match parts.as_slice() {
        [before @ .., "execution" | "express", machine, _]
        | [before @ .., "express", machine, _, _] => {
            Some(format!("{}:stateMachine:{machine}", before.join(":")))
        }
        _ => None,
    }
}

/// What a model said is JSON in the state, if it is.
fn with_json_body(mut result: Value) -> Value {
    if let Some(body) = result.get_mut("Body")
        && let Some(Ok(parsed)) = body.as_str().map(serde_json::from_str)
    {
        *body = parsed;
    }
    result
}

/// One event that was not taken fails the task.
fn put_events(answer: Answer) -> Result<Performed, Failure> {
    let failed = answer
        .result
        .get("FailedEntryCount")
        .and_then(Value::as_i64);
    if failed.unwrap_or_default() > 0 {
        return Err(failure(
            "EventBridge.FailedEntry",
            answer.result.to_string(),
        ));
    }
    Ok(Performed::bare(answer.result))
}

/// A task that could not be placed fails the state.
fn run_task(answer: Answer) -> Result<Performed, Failure> {
    let is_empty = |name: &str| {
        let items = answer.result.get(name).and_then(Value::as_array);
        items.is_none_or(Vec::is_empty)
    };
    if is_empty("Tasks") && !is_empty("Failures") {
        let mut said = Map::new();
        for name in ["Failures", "Tasks"] {
            said.extend(
                answer
                    .result
                    .get(name)
                    .map(|items| (name.to_owned(), items.clone())),
            );
        }
        return Err(failure(
            "AmazonECS.Unknown",
            Value::Object(said).to_string(),
        ));
    }
    Ok(Performed::of(answer))
}
