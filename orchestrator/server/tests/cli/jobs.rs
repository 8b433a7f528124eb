//! `ratchet jobs …` and what belongs to it against a server whose jobs are processes.

use expect_test::expect;

use crate::house::House;

const SETTINGS: &str = "[batch]\nengine = \"process\"\nvcpus = 2\nmemory = 1024\n";

const SUMS: &str = r#"{"jobDefinitionName": "sums", "type": "container",
    "containerProperties": {"image": "any", "command": ["sh", "-c", "echo $0; exit $1", "Ref::text", "Ref::code"],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}]},
    "parameters": {"text": "nothing", "code": "0"}}"#;

/// Each id that comes is covered by its number, each time by `<time>`.
fn masked(text: &str, ids: &mut Vec<String>) -> String {
    let is_id_letter = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
    let mut covered = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let id = rest.get(..36).filter(|id| {
            id.chars().all(is_id_letter) && id.matches('-').count() == 4 && id.as_bytes()[8] == b'-'
        });
        let time = rest.get(..24).filter(|time| {
            time.starts_with("20") && time.ends_with('Z') && time.as_bytes()[10] == b'T'
        });
        let length = if let Some(id) = id {
            if !ids.iter().any(|known| known == id) {
                ids.push(id.to_owned());
            }
            let number = ids.iter().position(|known| known == id).unwrap_or_default();
            covered.push_str(&format!("<{}>", number + 1));
            id.len()
        } else if let Some(time) = time {
            covered.push_str("<time>");
            time.len()
        } else if rest.bytes().take_while(u8::is_ascii_digit).count() == 13 {
            covered.push_str("<time>");
            13
        } else {
            covered.push(first);
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    covered
}

#[test]
fn a_day_of_jobs() {
    let house = House::with(&[("ratchet.toml", SETTINGS), ("sums.json", SUMS)]);
    let server = house.serve(&[]);
    let mut ids: Vec<String> = Vec::new();
    let mut said = String::new();
    for command in [
        "compute-environments list",
        "job-queues list",
        "jobs submit hello --wait --output json -- echo hello",
        "jobs submit hello --wait -- echo hello",
        "job-definitions list",
        "job-definitions register sums.json",
        "jobs submit bad -d sums -p text=oh -p code=3 --attempts 2 --wait",
        "jobs logs <3>",
        "jobs logs <3> --attempt 1 --output json --tail 1",
        "jobs logs <3> --attempt 3",
        "jobs list --name b*",
        "jobs submit many -d sums --array 2 --wait",
        "jobs list --parent <4>",
        "jobs submit waits -d sums --vcpus 64",
        "jobs cancel <5> --reason enough",
        "jobs describe <5>",
        "jobs describe nobody",
        "jobs submit x -q none -- true",
        "job-definitions deregister sums:1",
        "job-definitions describe sums",
        "compute-environments create small --engine process --vcpus 1 --memory 256",
        "job-queues create night -e small --priority 5",
        "job-queues snapshot night",
        "job-queues delete night",
        "job-queues update night --disable",
        "job-queues delete night",
        "compute-environments update small --disable",
        "compute-environments delete small",
        "compute-environments list",
    ] {
        let mut given = command.to_owned();
        for (number, id) in ids.iter().enumerate() {
            given = given.replace(&format!("<{}>", number + 1), id);
        }
        let arguments: Vec<&str> = given.split(' ').collect();
        let output = house
            .ratchet(&arguments)
            .env("RATCHET_SERVER", server.url())
            .output()
            .unwrap();
        let answer = masked(&house.said(&output), &mut ids);
        // The documents as JSON are shown by the tests of the API; what a job waits for depends on when it is looked at.
        let statuses = ["PENDING: ", "RUNNABLE: ", "STARTING: ", "RUNNING: "];
        let answer: Vec<&str> = answer
            .lines()
            .filter(|line| !line.starts_with("    ") || line.contains("exitCode"))
            .filter(|line| !statuses.iter().any(|status| line.starts_with(status)))
            .collect();
        said.push_str(&format!("$ ratchet {command}\n{}\n", answer.join("\n")));
    }
    expect![[r#"
        $ ratchet compute-environments list
        exit code 0
        --- stdout
        ENVIRONMENT  STATE    STATUS  ENGINE   VCPUS  MEMORY  REASON
        default      ENABLED  VALID   process  2      1024    ComputeEnvironment Healthy
        $ ratchet job-queues list
        exit code 0
        --- stdout
        QUEUE    STATE    STATUS  PRIORITY  ENVIRONMENTS
        default  ENABLED  VALID   1         default
        $ ratchet jobs submit hello --wait --output json -- echo hello
        exit code 0
        --- stdout
        {
          "jobArn": "arn:aws:batch:us-east-1:000000000000:job/<1>",
          "jobName": "hello",
          "jobId": "<1>",
          "jobQueue": "arn:aws:batch:us-east-1:000000000000:job-queue/default",
          "status": "SUCCEEDED",
          "attempts": [
                "exitCode": 0,
          ],
          "statusReason": "Essential container in task exited",
          "createdAt": <time>,
          "retryStrategy": {
          },
          "startedAt": <time>,
          "stoppedAt": <time>,
          "dependsOn": [],
          "jobDefinition": "arn:aws:batch:us-east-1:000000000000:job-definition/hello:1",
          "parameters": {},
          "container": {
            "exitCode": 0,
          },
          "tags": {},
          "platformCapabilities": [],
          "eksAttempts": [],
          "isCancelled": false,
          "isTerminated": false
        }
        --- stderr
        submitted <1>
        hello
        SUCCEEDED: Essential container in task exited
        $ ratchet jobs submit hello --wait -- echo hello
        exit code 0
        --- stdout
        job         <2>
        name        hello
        queue       default
        definition  hello:1
        status      SUCCEEDED
        reason      Essential container in task exited
        created     <time>
        started     <time>
        stopped     <time>
        attempts    1
        image       busybox
        command     echo hello
        resources   VCPU 1, MEMORY 128
        exit code   0
        log         hello/default/ratchet-<2>-1
        --- stderr
        submitted <2>
        hello
        SUCCEEDED: Essential container in task exited
        $ ratchet job-definitions list
        exit code 0
        --- stdout
        DEFINITION  TYPE       STATUS  IMAGE    COMMAND
        hello:1     container  ACTIVE  busybox  echo hello
        $ ratchet job-definitions register sums.json
        exit code 0
        --- stdout
        jobDefinitionArn            arn:aws:batch:us-east-1:000000000000:job-definition/sums:1
        tags
          {}
        containerOrchestrationType  ECS
        jobDefinitionName           sums
        revision                    1
        status                      ACTIVE
        type                        container
        parameters
          {
          }
        containerProperties
          {
          }
        platformCapabilities
          []
        $ ratchet jobs submit bad -d sums -p text=oh -p code=3 --attempts 2 --wait
        exit code 1
        --- stdout
        job         <3>
        name        bad
        queue       default
        definition  sums:1
        status      FAILED
        reason      Essential container in task exited
        created     <time>
        started     <time>
        stopped     <time>
        attempts    2
        image       any
        command     sh -c echo $0; exit $1 Ref::text Ref::code
        resources   VCPU 1, MEMORY 64
        exit code   3
        container   exit code 3: oh
        log         sums/default/ratchet-<3>-2
        --- stderr
        submitted <3>
        oh
        oh
        FAILED: Essential container in task exited
        $ ratchet jobs logs <3>
        exit code 0
        --- stdout
        oh
        $ ratchet jobs logs <3> --attempt 1 --output json --tail 1
        exit code 0
        --- stdout
        {"time":<time>,"text":"oh"}
        $ ratchet jobs logs <3> --attempt 3
        exit code 1
        --- stderr
        error: job <3> has had no attempt 3
        $ ratchet jobs list --name b*
        exit code 0
        --- stdout
        JOB                                   NAME  STATUS  CREATED                   STARTED                   STOPPED                   REASON
        <3>  bad   FAILED  <time>  <time>  <time>  Essential container in task exited
        $ ratchet jobs submit many -d sums --array 2 --wait
        exit code 0
        --- stdout
        job         <4>
        name        many
        queue       default
        definition  sums:1
        status      SUCCEEDED
        created     <time>
        stopped     <time>
        children    2 SUCCEEDED
        attempts    0
        image       any
        command     sh -c echo $0; exit $1 Ref::text Ref::code
        resources   VCPU 1, MEMORY 64
        --- stderr
        submitted <4>
        $ ratchet jobs list --parent <4>
        exit code 0
        --- stdout
        JOB                                     NAME  STATUS     CREATED                   STARTED                   STOPPED                   REASON
        <4>:1  many  SUCCEEDED  <time>  <time>  <time>  Essential container in task exited
        <4>:0  many  SUCCEEDED  <time>  <time>  <time>  Essential container in task exited
        $ ratchet jobs submit waits -d sums --vcpus 64
        exit code 0
        --- stdout
        job         <5>
        name        waits
        queue       default
        definition  sums:1
        status      RUNNABLE
        reason      MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot meet the CPU requirement of the job. (default: is too small: asked 64 vCPU, 64 MiB, has 2 vCPU, 1024 MiB)
        created     <time>
        attempts    0
        image       any
        command     sh -c echo $0; exit $1 Ref::text Ref::code
        resources   VCPU 64, MEMORY 64
        $ ratchet jobs cancel <5> --reason enough
        exit code 0
        --- stdout
        job         <5>
        name        waits
        queue       default
        definition  sums:1
        status      FAILED
        reason      enough
        created     <time>
        stopped     <time>
        attempts    0
        image       any
        command     sh -c echo $0; exit $1 Ref::text Ref::code
        resources   VCPU 64, MEMORY 64
        $ ratchet jobs describe <5>
        exit code 0
        --- stdout
        job         <5>
        name        waits
        queue       default
        definition  sums:1
        status      FAILED
        reason      enough
        created     <time>
        stopped     <time>
        attempts    0
        image       any
        command     sh -c echo $0; exit $1 Ref::text Ref::code
        resources   VCPU 64, MEMORY 64
        $ ratchet jobs describe nobody
        exit code 1
        --- stderr
        error: there is no job nobody
        $ ratchet jobs submit x -q none -- true
        exit code 1
        --- stderr
        error: JobQueue none not found
        $ ratchet job-definitions deregister sums:1
        exit code 0
        $ ratchet job-definitions describe sums
        exit code 1
        --- stderr
        error: there is no job definition sums
        $ ratchet compute-environments create small --engine process --vcpus 1 --memory 256
        exit code 0
        --- stdout
        computeEnvironmentName      small
        computeEnvironmentArn       arn:aws:batch:us-east-1:000000000000:compute-environment/small
        tags
          {
          }
        type                        MANAGED
        state                       ENABLED
        status                      VALID
        statusReason                ComputeEnvironment Healthy
        computeResources
          {
          }
        containerOrchestrationType  ECS
        uuid                        <6>
        ratchet:engine              process
        ratchet:limits
          {
          }
        $ ratchet job-queues create night -e small --priority 5
        exit code 0
        --- stdout
        jobQueueName              night
        jobQueueArn               arn:aws:batch:us-east-1:000000000000:job-queue/night
        state                     ENABLED
        status                    VALID
        statusReason              JobQueue Healthy
        priority                  5
        computeEnvironmentOrder
          [
          ]
        serviceEnvironmentOrder
          []
        tags
          {}
        jobStateTimeLimitActions
          []
        $ ratchet job-queues snapshot night
        exit code 0
        --- stdout
        JOB  AT THIS POSITION SINCE
        $ ratchet job-queues delete night
        exit code 1
        --- stderr
        error: cannot delete JobQueue night: it is ENABLED, disable it first
        $ ratchet job-queues update night --disable
        exit code 0
        --- stdout
        jobQueueName              night
        jobQueueArn               arn:aws:batch:us-east-1:000000000000:job-queue/night
        state                     DISABLED
        status                    VALID
        statusReason              JobQueue Healthy
        priority                  5
        computeEnvironmentOrder
          [
          ]
        serviceEnvironmentOrder
          []
        tags
          {}
        jobStateTimeLimitActions
          []
        $ ratchet job-queues delete night
        exit code 0
        $ ratchet compute-environments update small --disable
        exit code 0
        --- stdout
        computeEnvironmentName      small
        computeEnvironmentArn       arn:aws:batch:us-east-1:000000000000:compute-environment/small
        tags
          {
          }
        type                        MANAGED
        state                       DISABLED
        status                      VALID
        statusReason                ComputeEnvironment Healthy
        computeResources
          {
          }
        containerOrchestrationType  ECS
        uuid                        <6>
        ratchet:engine              process
        ratchet:limits
          {
          }
        $ ratchet compute-environments delete small
        exit code 0
        $ ratchet compute-environments list
        exit code 0
        --- stdout
        ENVIRONMENT  STATE    STATUS  ENGINE   VCPUS  MEMORY  REASON
        default      ENABLED  VALID   process  2      1024    ComputeEnvironment Healthy
    "#]].assert_eq(&said);
}

#[test]
fn lines_are_followed_while_they_are_printed() {
    let house = House::with(&[("ratchet.toml", SETTINGS)]);
    let server = house.serve(&[]);
    let ask = |arguments: &[&str]| {
        let mut command = house.ratchet(arguments);
        let output = command.env("RATCHET_SERVER", server.url()).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    let script = "echo one; while [ ! -e go ]; do sleep 0.05; done; echo two";
    let script = script.replace("go", &house.path().join("go").display().to_string());
    let job = ask(&[
        "jobs", "submit", "slow", "-o", "json", "--", "sh", "-c", &script,
    ]);
    let id = job.split("\"jobId\": \"").nth(1).unwrap();
    let id = id.split('"').next().unwrap();
    let mut stream = server.send("GET", &format!("/api/v1/jobs/{id}/logs/stream"), "");
    let mut seen = String::new();
    while !seen.contains("one") {
        let mut bytes = [0; 512];
        let read = std::io::Read::read(&mut stream, &mut bytes).unwrap();
        assert!(read > 0, "{seen}");
        seen.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    house.write("go", "");
    assert_eq!(ask(&["jobs", "logs", "--follow", id]), "one\ntwo\n");
    assert_eq!(ask(&["jobs", "logs", id, "--tail", "1"]), "two\n");
}

#[test]
fn jobs_can_be_turned_off() {
    let house = House::with(&[("ratchet.toml", "[batch]\nenabled = false\n")]);
    let server = house.serve(&[]);
    let url = server.url();
    house.check(
        &["jobs", "list", "--server", &url],
        expect![[r#"
        exit code 1
        --- stderr
        error: `batch.enabled` is false in the server's configuration
    "#]],
    );
}

#[test]
fn wrong_settings_are_said() {
    let mut said = String::new();
    for settings in [
        "[batch]\nengine = \"podman\"\n",
        "[batch]\nallowed_mounts = [\"data\"]\n",
        "[batch]\nvcpus = 0\n",
        "[batch.environments.big]\nengine = \"docker\"\ncores = 3\n",
        "[batch.secrets.key]\nvalue = \"a\"\nfile = \"b\"\n",
        "[batch.secrets.key]\nfile = \"none\"\n",
        "[batch.secrets.key]\nvariable = \"NOT_SET\"\n",
        "[batch.registries.\"r.example.com\"]\nusername = \"u\"\n",
    ] {
        let house = House::with(&[("ratchet.toml", settings)]);
        let output = house.output(&["serve", "--listen", "127.0.0.1:0"]);
        let answer = house.said(&output);
        let lines: Vec<&str> = answer
            .lines()
            .filter(|line| line.starts_with("e"))
            .collect();
        said.push_str(&format!("{}\n", lines.join("\n")));
    }
    expect![[r#"
        exit code 2
        error: ratchet.toml:2: `batch.engine` is wrong: unknown variant `podman`, expected one of `auto`, `docker`, `process`
        exit code 2
        error: ratchet.toml:2: `batch.allowed_mounts` is wrong: `data` is no absolute path; write one such as /srv/data
        exit code 2
        error: ratchet.toml:2: `batch.vcpus` is wrong: `0` is no number of vCPUs; write one such as 4 or 0.5
        exit code 2
        error: ratchet.toml:3: `batch.environments` is wrong: unknown field `cores`, expected one of `engine`, `vcpus`, `memory`, `gpus`
        exit code 2
        error: ratchet.toml:1: `batch.secrets` is wrong: a secret has exactly one of value, file and variable
        exit code 2
        error: cannot read batch.secrets.key from none: No such file or directory (os error 2)
        exit code 2
        error: cannot read batch.secrets.key: the variable NOT_SET is not set
        exit code 2
        error: ratchet.toml:1: `batch.registries` is wrong: missing field `password`
    "#]].assert_eq(&said);
}
