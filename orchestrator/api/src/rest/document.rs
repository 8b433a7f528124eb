//! The OpenAPI document, made from the handlers.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApiBuilder, Tag};

use crate::services::Services;

/// Where the document is.
const PATH: &str = "/api/v1/openapi.json";

/// What the document says before the routes add themselves.
pub(super) fn beginning() -> utoipa::openapi::OpenApi {
    let tag = |name: &str, description: &str| {
        let mut tag = Tag::new(name);
        tag.description = Some(description.to_owned());
        tag
    };
    let license = LicenseBuilder::new()
        .name("Apache-2.0")
        .identifier(Some("Apache-2.0"))
        .build();
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Ratchet")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Durable workflows in Amazon States Language and container jobs, over plain JSON. Errors are `application/problem+json`.",
                ))
                .license(Some(license))
                .build(),
        )
        .components(Some(ComponentsBuilder::new().build()))
        .tags(Some([
            tag("state machines", "Definitions, by name"),
            tag("executions", "One run of a definition, durable from its start to its end"),
            tag("tasks", "What somebody outside must end, by its token"),
            tag("jobs", "Container jobs, what they run, and where"),
            tag("schedules", "When what is called, and what becomes of its runs"),
            tag("problems", "What can go wrong, explained"),
            tag("operation", "For those who run the server"),
        ]))
        .build()
}

/// The document's own route, with which the document begins.
#[derive(OpenApi)]
#[openapi(paths(openapi))]
struct Own;

/// Shows this document
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "operation", operation_id = "getOpenApi",
    responses((status = 200, description = "An OpenAPI 3.1 document", body = serde_json::Value)))]
#[expect(dead_code, reason = "it stands for the route below in the document")]
fn openapi() {}

/// The route of the finished document, which is written out once.
pub(super) fn router(document: &utoipa::openapi::OpenApi) -> Router<Services> {
    let text = text(document);
    Router::new().route(
        PATH,
        get(move || std::future::ready(([(CONTENT_TYPE, "application/json")], text.clone()))),
    )
}

/// The document's text.
pub(super) fn text(document: &utoipa::openapi::OpenApi) -> axum::body::Bytes {
    let mut document = document.clone();
    document.merge(Own::openapi());
    let text = serde_json::to_vec(&document).expect("an OpenAPI document is JSON");
    text.into()
}
