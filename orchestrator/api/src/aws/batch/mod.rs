//! AWS Batch: every operation of the service, over [`batch_runtime::Batch`].
//!
//! What the operations say and mean is in `batch`, as it is for the command line and for workflows; here is the protocol: paths, bodies,
//! errors.

use std::fmt::Display;

use axum::http::{Method, StatusCode};
use batch::request::{ListTagsForResource, TagResource, UntagResource};
use batch_runtime::Batch;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::aws::body::Unread;
use crate::aws::json;
use crate::aws::rest_json::{Call, Reply, RestService};

/// Where tags are: the resource's ARN follows, encoded or as it is.
const TAGS: &str = "/v1/tags/";

/// The service.
pub(crate) struct BatchService {
    batch: Option<Batch>,
}

/// Why a call was not answered: the house's error, and what only the protocol can refuse.
enum Refusal {
    Batch(batch::Error),
    NoOperation(String),
}

impl From<batch::Error> for Refusal {
    fn from(error: batch::Error) -> Self {
        Self::Batch(error)
    }
}

/// An answer's body.
type Answer = Result<Vec<u8>, Refusal>;

impl BatchService {
    /// The service; without an engine it is there, and says that batch is turned off.
    pub(crate) fn new(batch: Option<Batch>) -> Self {
        Self { batch }
    }

    async fn perform(&self, call: &Call) -> Answer {
        let batch = self.batch.as_ref().ok_or_else(turned_off)?;
        if let Some(arn) = call.rest_after(TAGS) {
            return tags(batch, call, arn).await;
        }
        let name = match call.segments().as_slice() {
            [_, name] if call.method == Method::POST => name.clone(),
            _ => {
                let (method, path) = (&call.method, call.uri.path());
                return Err(Refusal::NoOperation(format!("{method} {path}")));
            }
        };
        operation(batch, &name, &call.body).await
    }
}

impl RestService for BatchService {
    fn paths(&self) -> &'static [&'static str] {
        &["/v1/{*operation}"]
    }

    fn call(&self, call: Call) -> BoxFuture<'_, Reply> {
        Box::pin(async move {
            match self.perform(&call).await {
                Ok(body) => Reply::done(body),
                Err(Refusal::Batch(batch::Error::Client(text))) => {
                    client(StatusCode::BAD_REQUEST, text, &call.request_id)
                }
                Err(Refusal::Batch(batch::Error::Unavailable(text))) => {
                    server(text, &call.request_id)
                }
                Err(Refusal::NoOperation(what)) => client(
                    StatusCode::NOT_FOUND,
                    format!("there is no operation {what}"),
                    &call.request_id,
                ),
            }
        })
    }

    fn unread(&self, why: &Unread, request_id: &str) -> Reply {
        let status = match why {
            Unread::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Unread::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Unread::Broken(_) => StatusCode::BAD_REQUEST,
        };
        client(status, why, request_id)
    }

    fn failed(&self, request_id: &str) -> Reply {
        server("An internal error occurred", request_id)
    }
}

async fn operation(batch: &Batch, name: &str, body: &[u8]) -> Answer {
    match name {
        "submitjob" => written(batch.submit_job(read(body)?).await),
        "describejobs" => written(batch.describe_jobs(read(body)?).await),
        "listjobs" => written(batch.list_jobs(read(body)?).await),
        "canceljob" => written(batch.cancel_job(read(body)?).await),
        "canceljobs" => written(batch.cancel_jobs(read(body)?).await),
        "terminatejob" => written(batch.terminate_job(read(body)?).await),
        "terminatejobs" => written(batch.terminate_jobs(read(body)?).await),
        "getjobqueuesnapshot" => written(batch.get_job_queue_snapshot(read(body)?).await),
        "registerjobdefinition" => written(batch.register_job_definition(read(body)?).await),
        "deregisterjobdefinition" => written(batch.deregister_job_definition(read(body)?).await),
        "describejobdefinitions" => written(batch.describe_job_definitions(read(body)?).await),
        "createjobqueue" => written(batch.create_job_queue(read(body)?).await),
        "updatejobqueue" => written(batch.update_job_queue(read(body)?).await),
        "deletejobqueue" => written(batch.delete_job_queue(read(body)?).await),
        "describejobqueues" => written(batch.describe_job_queues(read(body)?).await),
        "createcomputeenvironment" => written(batch.create_compute_environment(read(body)?).await),
        "updatecomputeenvironment" => written(batch.update_compute_environment(read(body)?).await),
        "deletecomputeenvironment" => written(batch.delete_compute_environment(read(body)?).await),
        "describecomputeenvironments" => {
            written(batch.describe_compute_environments(read(body)?).await)
        }
        "createschedulingpolicy" => written(batch.create_scheduling_policy(read(body)?).await),
        "updateschedulingpolicy" => written(batch.update_scheduling_policy(read(body)?).await),
        "deleteschedulingpolicy" => written(batch.delete_scheduling_policy(read(body)?).await),
        "describeschedulingpolicies" => {
            written(batch.describe_scheduling_policies(read(body)?).await)
        }
        "listschedulingpolicies" => written(batch.list_scheduling_policies(read(body)?).await),
        "createconsumableresource" => written(batch.create_consumable_resource(read(body)?).await),
        "updateconsumableresource" => written(batch.update_consumable_resource(read(body)?).await),
        "deleteconsumableresource" => written(batch.delete_consumable_resource(read(body)?).await),
        "describeconsumableresource" => {
            written(batch.describe_consumable_resource(read(body)?).await)
        }
        "listconsumableresources" => written(batch.list_consumable_resources(read(body)?).await),
        "listjobsbyconsumableresource" => {
            written(batch.list_jobs_by_consumable_resource(read(body)?).await)
        }
        _ => match not_ours(name) {
            Some(what) => Err(batch::Error::client(format!(
                "{what} run on Amazon SageMaker AI and are not served here"
            ))
            .into()),
            None => Err(Refusal::NoOperation(name.to_owned())),
        },
    }
}

async fn tags(batch: &Batch, call: &Call, resource_arn: String) -> Answer {
    match call.method {
        Method::GET => written(
            batch
                .list_tags_for_resource(ListTagsForResource { resource_arn })
                .await,
        ),
        Method::POST => {
            let request: TagResource = read(&call.body)?;
            let request = TagResource {
                resource_arn,
                ..request
            };
            written(batch.tag_resource(request).await)
        }
        Method::DELETE => {
            let query = call.query().into_iter();
            let tag_keys = query
                .filter(|(name, _)| name == "tagKeys")
                .map(|(_, key)| key)
                .collect();
            let request = UntagResource {
                resource_arn,
                tag_keys,
            };
            written(batch.untag_resource(request).await)
        }
        _ => Err(Refusal::NoOperation(format!("{} {TAGS}", call.method))),
    }
}

/// What an operation of the service is about that has no meaning away from AWS.
fn not_ours(name: &str) -> Option<&'static str> {
    match name {
        "createserviceenvironment"
        | "updateserviceenvironment"
        | "deleteserviceenvironment"
        | "describeserviceenvironments" => Some("service environments"),
        "submitservicejob"
        | "describeservicejob"
        | "listservicejobs"
        | "terminateservicejob"
        | "terminateservicejobs"
        | "updateservicejob" => Some("service jobs"),
        "createquotashare" | "updatequotashare" | "deletequotashare" | "describequotashare"
        | "listquotashares" => Some("quota shares"),
        _ => None,
    }
}

fn turned_off() -> batch::Error {
    batch::Error::client("batch is turned off on this server: batch.enabled is false")
}

/// Reads a request. No body at all stands for one without members.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, batch::Error> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    // Serde takes an array for a structure too.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(batch::Error::client("the request is no JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| batch::Error::client(unreadable(&error)))
}

/// What is wrong with a request, in the words of the service where it has some.
fn unreadable(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if !error.is_data() {
        return format!("the request is not valid JSON: {text}");
    }
    let missing = text
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next());
    match missing {
        Some(member) => format!("{member} must be specified"),
        None => format!("the request can't be read: {text}"),
    }
}

fn written<T: Serialize>(answer: Result<T, batch::Error>) -> Answer {
    Ok(json::encode(&answer?))
}

fn client(status: StatusCode, text: impl Display, request_id: &str) -> Reply {
    Reply::refused(status, "ClientException", message(text, request_id))
}

fn server(text: impl Display, request_id: &str) -> Reply {
    Reply::refused(
        StatusCode::INTERNAL_SERVER_ERROR,
        "ServerException",
        message(text, request_id),
    )
}

#[derive(Serialize)]
struct Message {
    message: String,
}

fn message(text: impl Display, request_id: &str) -> Vec<u8> {
    json::encode(&Message {
        message: format!("Error executing request, Exception : {text}, RequestId: {request_id}"),
    })
}
