//! What TestState shows of a real HTTP task: the request and the response, and of the connection only what may be seen.

use serde_json::{Value, json};
use tests::support::aws::ROLE_ARN;
use tests::support::server::Server;
use tests::support::web::{Answer, Web};

const CONNECTIONS: &str = r#"
[connections.key]
api_key = { name = "X-Api-Key", value = "secret-key" }
headers = { X-Tenant = "secret-tenant" }
query = { trace = "secret-query" }
[connections.basic]
basic = { username = "me", password = "secret" }
"#;

struct World {
    web: Web,
    server: Server,
}

impl World {
    fn open() -> Self {
        let web = Web::serve(|request| match request.target.as_str() {
            "/missing" => Answer::text(404, "text/plain", "not here"),
            "/nothing" => Answer {
                status: 204,
                headers: Vec::new(),
                body: String::new(),
            },
            _ => Answer {
                status: 200,
                headers: vec![
                    ("Content-Type", "application/json".to_owned()),
                    ("X-Twice", "1".to_owned()),
                    ("X-Twice", "2".to_owned()),
                ],
                body: "{\"ok\":true}".to_owned(),
            },
        });
        let server = Server::new().toml(CONNECTIONS).start();
        Self { web, server }
    }

    /// Tests an HTTP task with these parameters, and more members of the request.
    fn test(&self, path: &str, parameters: Value, more: Value) -> Value {
        let mut arguments = json!({ "ApiEndpoint": format!("{}{path}", self.web.url()) });
        extend(&mut arguments, parameters);
        let state = json!({
            "Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": arguments, "End": true,
        });
        let mut request =
            json!({ "definition": state.to_string(), "roleArn": ROLE_ARN, "input": "{\"n\":1}" });
        extend(&mut request, more);
        let tested = self.server.aws().call("TestState", &request);
        tested.unwrap_or_else(|error| panic!("{error}"))
    }

    /// A text of the answer without the port.
    fn shown(&self, value: &Value) -> String {
        value.to_string().replace(&self.web.host(), "HOST")
    }
}

fn extend(target: &mut Value, more: Value) {
    let Value::Object(more) = more else { return };
    target.as_object_mut().unwrap().extend(more);
}

fn connection(name: &str) -> Value {
    json!({ "ConnectionArn": format!("arn:aws:events:us-east-1:000000000000:connection/{name}/1234") })
}

#[test]
fn an_exchange_is_shown() {
    let world = World::open();
    requests_and_responses_are_shown(&world);
    secrets_are_shown_on_demand(&world);
    only_the_level_trace_shows_them(&world);
    what_fails_is_shown_as_far_as_it_came(&world);
}

fn requests_and_responses_are_shown(world: &World) {
    let tested = world.test(
        "/orders?page=1",
        json!({
            "Method": "POST", "Headers": { "X-List": ["a", "b"] }, "QueryParameters": { "q": "é" },
            "RequestBody": { "n.$": "$.n" },
        }),
        json!({ "inspectionLevel": "TRACE" }),
    );
    assert_eq!(tested["status"], "SUCCEEDED", "{tested}");
    assert_eq!(
        world.shown(&tested["inspectionData"]["request"]),
        "{\"protocol\":\"http\",\"method\":\"POST\",\"url\":\"http://HOST/orders?page=1&q=%C3%A9\",\"headers\":\"[x-list: a, \
         x-list: b, content-type: application/json, user-agent: Amazon|StepFunctions|HttpInvoke|us-east-1, host: HOST]\",\
         \"body\":\"{\\\"n\\\":1}\"}"
    );
    assert_eq!(
        world.shown(&tested["inspectionData"]["response"]),
        "{\"protocol\":\"http\",\"statusCode\":\"200\",\"statusMessage\":\"OK\",\"headers\":\"[content-type: application/json, \
         x-twice: 1, x-twice: 2, content-length: 11]\",\"body\":\"{\\\"ok\\\":true}\"}"
    );
    // What is shown is what was sent.
    let sent = world.web.taken().remove(0);
    assert_eq!(
        (&*sent.method, &*sent.target),
        ("POST", "/orders?page=1&q=%C3%A9")
    );
    assert_eq!(sent.text(), "{\"n\":1}");
    assert_eq!(sent.header("x-list"), ["a", "b"]);

    let tested = world.test(
        "/nothing",
        json!({ "Method": "GET" }),
        json!({ "inspectionLevel": "TRACE" }),
    );
    let data = &tested["inspectionData"];
    assert_eq!(data["request"].get("body"), None, "{data}");
    assert_eq!(data["response"].get("body"), None, "{data}");
    assert_eq!(data["response"]["statusMessage"], "No Content");
    assert_eq!(world.web.taken().len(), 1);
}

fn secrets_are_shown_on_demand(world: &World) {
    for (name, secrets) in [
        ("key", &["secret-key", "secret-tenant", "secret-query"][..]),
        ("basic", &["Basic bWU6c2VjcmV0"][..]),
    ] {
        for reveals in [false, true] {
            let tested = world.test(
                "/private",
                json!({ "Method": "GET", "Authentication": connection(name) }),
                json!({ "inspectionLevel": "TRACE", "revealSecrets": reveals }),
            );
            assert_eq!(tested["status"], "SUCCEEDED", "{tested}");
            let sent = world.web.taken().remove(0);
            let sent = format!("{} {:?}", sent.target, sent.headers);
            let shown = tested.to_string();
            for secret in secrets {
                assert!(sent.contains(secret), "{secret} was not sent: {sent}");
                assert_eq!(
                    shown.contains(secret),
                    reveals,
                    "{secret} {reveals}: {shown}"
                );
            }
        }
    }
}

fn only_the_level_trace_shows_them(world: &World) {
    for level in ["INFO", "DEBUG"] {
        let tested = world.test(
            "/",
            json!({ "Method": "GET" }),
            json!({ "inspectionLevel": level }),
        );
        assert_eq!(tested["status"], "SUCCEEDED", "{tested}");
        let data = &tested["inspectionData"];
        assert_eq!(
            (data.get("request"), data.get("response")),
            (None, None),
            "{level}"
        );
    }
    assert_eq!(world.web.taken().len(), 2);
}

fn what_fails_is_shown_as_far_as_it_came(world: &World) {
    let trace = || json!({ "inspectionLevel": "TRACE", "revealSecrets": true });
    let tested = world.test("/missing", json!({ "Method": "GET" }), trace());
    assert_eq!(
        (&tested["status"], &tested["error"], &tested["cause"]),
        (
            &json!("FAILED"),
            &json!("States.Http.StatusCode.404"),
            &json!("not here")
        )
    );
    let response = &tested["inspectionData"]["response"];
    assert_eq!(
        (&response["statusCode"], &response["body"]),
        (&json!("404"), &json!("not here"))
    );

    // Nobody listens there any more.
    let gone = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let tested = world.test(
        "/",
        json!({ "Method": "GET", "ApiEndpoint": format!("http://{address}/") }),
        trace(),
    );
    assert_eq!(tested["error"], "States.Http.Socket", "{tested}");
    let data = &tested["inspectionData"];
    assert_eq!(data["request"]["url"], format!("http://{address}/"));
    assert_eq!(data.get("response"), None, "{data}");

    let tested = world.test(
        "/",
        json!({ "Method": "GET", "Authentication": connection("none") }),
        trace(),
    );
    assert_eq!(
        tested["error"], "Events.ConnectionResource.NotFound",
        "{tested}"
    );
    let tested = world.test("/", json!({ "Method": "BREW" }), trace());
    assert_eq!(tested["error"], "States.Runtime", "{tested}");
    let data = &tested["inspectionData"];
    assert_eq!(
        (data.get("request"), data.get("response")),
        (None, None),
        "{data}"
    );
    // The first of these requests and no other came here.
    assert_eq!(world.web.taken().len(), 1);
}
