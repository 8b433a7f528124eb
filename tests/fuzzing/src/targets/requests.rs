//! The wire: requests of AWS's protocols and of REST, against a server in memory. Nothing that is sent may meet a bug.
//!
//! An input is a line (method, path, operation) and a body. Requests follow one another on one server, which is made anew now and then.

mod server;
mod shapes;

use axum::http::StatusCode;
use tests::support::random::Random;

use self::server::Server;
use self::shapes::Shapes;
use crate::generate::{definition, pick};
use crate::target::{Shown, Target};

pub(super) struct Requests {
    shapes: Shapes,
    server: Server,
    /// How many requests the server has had.
    sent: u32,
}

/// After how many requests the server is made anew, so that what it keeps stays small.
const RENEWED: u32 = 1000;

impl Requests {
    pub(super) fn new() -> Self {
        Self {
            shapes: Shapes::new(),
            server: Server::new(),
            sent: 0,
        }
    }
}

impl Target for Requests {
    fn name(&self) -> &'static str {
        "requests"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let mut random = Random::new(1);
        let mut seeds: Vec<Vec<u8>> = server::SETUP
            .iter()
            .map(|text| text.as_bytes().to_vec())
            .collect();
        for operation in 0..self.shapes.count() {
            seeds.push(self.shapes.request(operation, &mut random));
        }
        seeds.extend(REST.iter().map(|line| format!("{line}\n{{}}").into_bytes()));
        seeds
    }

    fn generate(&self, random: &mut Random) -> Vec<u8> {
        if random.percent(15) {
            let line = pick(random, REST);
            let body = match random.below(4) {
                0 => String::new(),
                1 => format!(
                    r#"{{"name":"made","definition":{}}}"#,
                    definition::definition(random)
                ),
                2 => r#"{"input":{"a":1},"name":"e2","status":"RUNNING","reason":"r"}"#.to_owned(),
                _ => "{}".to_owned(),
            };
            return format!("{line}\n{body}").into_bytes();
        }
        let count = u64::try_from(self.shapes.count()).unwrap_or(1);
        let operation = usize::try_from(random.below(count)).unwrap_or(0);
        self.shapes.request(operation, random)
    }

    fn pieces(&self) -> &'static [&'static str] {
        PIECES
    }

    fn run(&mut self, input: &[u8], shown: &mut Shown) {
        self.sent += 1;
        if self.sent > RENEWED {
            self.renew();
        }
        let Some((status, text)) = self.server.send(input) else {
            shown.mark("no request");
            return;
        };
        assert!(
            status != StatusCode::INTERNAL_SERVER_ERROR,
            "an internal error: {text}"
        );
        shown.mark(status.as_u16());
        let text: String = text.chars().take(200).collect();
        shown.text(&text);
    }

    fn renew(&mut self) {
        self.sent = 0;
        self.server = Server::new();
    }
}

/// The ways of REST.
const REST: &[&str] = &[
    "GET /api/v1/state-machines?limit=2",
    "POST /api/v1/state-machines",
    "GET /api/v1/state-machines/m",
    "PUT /api/v1/state-machines/m",
    "DELETE /api/v1/state-machines/gone",
    "POST /api/v1/state-machines/m/executions?wait=0",
    "POST /api/v1/state-machines/m/executions?wait=1",
    "GET /api/v1/state-machines/m/versions",
    "POST /api/v1/state-machines/m/versions",
    "GET /api/v1/state-machines/m/versions/1",
    "GET /api/v1/state-machines/m/aliases/live",
    "PUT /api/v1/state-machines/m/aliases/live",
    "GET /api/v1/executions?status=RUNNING&name=e&since=2026-01-01T00:00:00Z&limit=1",
    "GET /api/v1/executions/m:e1",
    "GET /api/v1/executions/m:e1/history?limit=1&cursor=x",
    "GET /api/v1/executions/m:e1/events",
    "POST /api/v1/executions/m:e1/stop",
    "POST /api/v1/executions/m:e1/pause",
    "POST /api/v1/executions/m:e1/resume",
    "POST /api/v1/executions/m:e1/redrive",
    "POST /api/v1/tasks/dG9rZW4/succeed",
    "POST /api/v1/tasks/dG9rZW4/fail",
    "POST /api/v1/tasks/dG9rZW4/heartbeat",
    "POST /api/v1/test-state",
    "POST /api/v1/jobs",
    "GET /api/v1/jobs?status=FAILED",
    "GET /api/v1/jobs/00000000-0000-4000-8000-000000000000",
    "GET /api/v1/jobs/00000000-0000-4000-8000-000000000000/logs?since=1&follow=false",
    "POST /api/v1/job-queues",
    "GET /api/v1/job-queues/default/snapshot",
    "POST /api/v1/job-definitions",
    "GET /api/v1/job-definitions/d:1",
    "POST /api/v1/compute-environments",
    "GET /api/v1/schedules?prefix=s",
    "POST /api/v1/schedules",
    "PUT /api/v1/schedules/s",
    "GET /api/v1/schedules/default.s",
    "POST /api/v1/schedules/s/trigger",
    "POST /api/v1/schedules/s/backfill",
    "GET /api/v1/schedules/s/runs",
    "GET /api/v1/problems/invalid-body",
    "GET /api/v1/openapi.json",
    "GET /metrics",
    "GET /readyz",
];

const PIECES: &[&str] = &[
    "arn:aws:states:us-east-1:000000000000:stateMachine:m",
    "arn:aws:states:us-east-1:000000000000:stateMachine:m:1",
    "arn:aws:states:us-east-1:000000000000:execution:m:e1",
    "arn:aws:states:us-east-1:000000000000:express:m:e1:1",
    "arn:aws:states:us-east-1:000000000000:activity:a",
    "arn:aws:states:us-east-1:000000000000:mapRun:m/M:1",
    "arn:aws:batch:us-east-1:000000000000:job-queue/default",
    "arn:aws:scheduler:us-east-1:000000000000:schedule/default/s",
    "rate(5 minutes)",
    "cron(0 2 * * ? *)",
    "cron(*/7 1-5,L ? JAN-DEC 2#1 2026-2099)",
    "at(2026-11-22T20:00:03)",
    "Europe/Berlin",
    "%2F",
    "%ff",
    "?a=b&a=c",
    "{}",
    "null",
    "[]",
    "\"\\u0000\"",
    "Ref::a",
    "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}",
];
