//! What `--help` says.

use expect_test::expect;

use crate::house::House;

#[test]
fn ratchet() {
    House::with(&[]).check(&["--help"], expect![[r#"
        exit code 0
        --- stdout
        Durable workflows and container jobs, compatible with AWS Step Functions and AWS Batch, and replication of PostgreSQL databases

        Usage: ratchet <COMMAND>

        Commands:
          serve                 Serve the API until SIGTERM or SIGINT
          run                   Execute a definition here, durably, and print its output
          replicate             Copy tables from one PostgreSQL database to another and follow their changes, until SIGTERM or SIGINT
          validate              Check definitions and show everything that is wrong with them
          test-state            Perform one state of a definition by a server, with a mock in place of its work or really
          executions            Look at the executions of a server [alias: execution]
          map-runs              Look at what distributed Maps of a server started, and change its bounds [alias: map-run]
          state-machines        Look at the state machines of a server and change them [alias: state-machine]
          jobs                  Submit container jobs to a server, and look at them [alias: job]
          job-definitions       Register what jobs of a server run [alias: job-definition]
          job-queues            Look at the job queues of a server and change them [alias: job-queue]
          compute-environments  Look at what runs a server's jobs and change it [alias: compute-environment]
          schedules             Look at the schedules of a server and change them [alias: schedule]
          config                Print the configuration in force, and where each value comes from
          completions           Print a completion script for a shell
          help                  Print this message or the help of the given subcommand(s)

        Options:
          -h, --help     Print help
          -V, --version  Print version

        Exit codes:
          0    it was done
          1    it was not done, or what was looked at is wrong: the execution failed, the definition has errors, the server refused
          2    the command line, the input or the configuration is wrong
          3    the server can't be reached, or the data directory can't be opened
          130  it was interrupted
    "#]]);
}

#[test]
fn replicate() {
    House::with(&[]).check(&["replicate", "--help"], expect![[r#"
        exit code 0
        --- stdout
        Copy tables from one PostgreSQL database to another and follow their changes, until SIGTERM or SIGINT

        Usage: ratchet replicate [OPTIONS]

        Options:
              --source <URL>
                  The source database: a URL, or the name of an endpoint [env: RATCHET_SOURCE_URL]

              --target <URL>
                  The target database: a URL, or the name of an endpoint [env: RATCHET_TARGET_URL]

              --table <TABLE>
                  Replicate this table, schema.table, % stands for any characters; may be repeated; every table when nothing says which

              --table-mappings <FILE|JSON>
                  Replicate the tables that these selection rules name (DMS's JSON): a file, or the JSON itself

              --task-settings <FILE|JSON>
                  Take these settings (DMS's JSON, and a section Replication of our own): a file, or the JSON itself

              --migration-type <TYPE>
                  What to replicate; both when absent

                  Possible values:
                  - full-load:         The rows as they are now
                  - cdc:               The changes from now on, or from the position of the slot that --slot names
                  - full-load-and-cdc: Both, without a gap and without an overlap

          -n, --name <NAME>
                  The task's name; the same name goes on with the same task [default: SOURCE_to_TARGET, by the databases' names]

              --slot <NAME>
                  The replication slot at the source [default: one of the task's own]

              --publication <NAME>
                  The publication at the source; may be repeated [default: one of the task's own]

              --until <WHEN>
                  End when that is reached, instead of following changes for ever

                  Possible values:
                  - full-load: Every table is loaded, with its indexes and constraints
                  - caught-up: Everything that the source had committed when the load was over, or the task started, is durable at the target

              --reload
                  Begin anew: forget how far the task was, and load every table again; without it, the task then goes on from there

              --spill-directory <DIR>
                  Where changes wait on disk for the end of a large transaction [default: below the data directory]

              --metrics-listen <ADDR>
                  Serve the task's figures for Prometheus at http://ADDR/metrics; port 0 takes any that is free

          -q, --quiet
                  Print no progress

          -h, --help
                  Print help (see a summary with '-h')

          -V, --version
                  Print version

        Configuration:
              --config <FILE>
                  Read this file instead of a ratchet.toml that is found [env: RATCHET_CONFIG]

              --data <DIR>
                  Keep everything that must survive here [env: RATCHET_DATA]

              --profile <PROFILE>
                  Take the limits of this profile [env: RATCHET_PROFILE]

                  Possible values:
                  - default:    Payloads of 1 MiB and no end to a history
                  - aws-strict: AWS's own limits, exactly

              --log <LEVEL>
                  Log at this level [env: RATCHET_LOG]

              --set <KEY=VALUE>
                  Set any value of the configuration: limits.payload_bytes=65536

        A URL is libpq's: postgresql://user:password@host:5432/database?sslmode=verify-full. Instead of a URL, the name of an endpoint of the
        configuration can be given ([replication.endpoints.NAME], url = "…"). Other users of this machine can see a command line: leave the password
        out of it, and give it in PGPASSWORD, in a password file (PGPASSFILE, or ~/.pgpass), or give the whole URL in RATCHET_SOURCE_URL and
        RATCHET_TARGET_URL.

        It can be stopped and killed at any moment: given the same command again, it goes on where it was. What it has done is remembered in the
        target database, in the schema ratchet, under the task's name.

        Exit codes, besides those of every command:
          0    the task was asked to stop (SIGTERM, SIGINT), or has come to what --until names
          1    it can't go on, or has come to what --until names with tables that are suspended
          4    the tables must be loaded anew, because the source can't go on from where the task is; --reload does that
          130  it was interrupted before it had come to what --until names
    "#]]);
}

#[test]
fn run() {
    House::with(&[]).check(&["run", "--help"], expect![[r#"
        exit code 0
        --- stdout
        Execute a definition here, durably, and print its output

        Usage: ratchet run [OPTIONS] <FILE>

        Arguments:
          <FILE>
                  The definition, Amazon States Language in JSON; - reads standard input

        Options:
          -i, --input <JSON|@FILE>
                  The input: JSON, or @FILE to read it from a file, or @- from standard input; {} when absent

          -n, --name <NAME>
                  The execution's name; the same name goes on with the same execution

              --test-case <NAME>
                  Let this test case of the mock configuration file (mock_config) stand in for tasks

              --trace-header <HEADER>
                  Make it a part of this trace: an AWS X-Ray trace header, Root=…;Parent=…;Sampled=1

          -q, --quiet
                  Print no progress

              --listen <ADDR>
                  Serve the API while it runs, for task tokens and activities

          -h, --help
                  Print help (see a summary with '-h')

          -V, --version
                  Print version

        Configuration:
              --config <FILE>
                  Read this file instead of a ratchet.toml that is found [env: RATCHET_CONFIG]

              --data <DIR>
                  Keep everything that must survive here [env: RATCHET_DATA]

              --profile <PROFILE>
                  Take the limits of this profile [env: RATCHET_PROFILE]

                  Possible values:
                  - default:    Payloads of 1 MiB and no end to a history
                  - aws-strict: AWS's own limits, exactly

              --log <LEVEL>
                  Log at this level [env: RATCHET_LOG]

              --set <KEY=VALUE>
                  Set any value of the configuration: limits.payload_bytes=65536

        What was done survives: a run that was cut short goes on where it was when it is given the same --name again, and a
        name that has ended gives its recorded result again. Runs are kept apart from a server's executions, below runs/ in the
        data directory; a run without a --name leaves nothing behind once it has ended.

        State machines that it starts are taken from files beside it: NAME.asl.json or NAME.json. Their executions are part of
        the run.

        The configuration is taken from ratchet.toml beside the definition when --config names no other.
    "#]]);
}

#[test]
fn version() {
    House::with(&[]).check(
        &["--version"],
        expect![[r#"
        exit code 0
        --- stdout
        ratchet 0.1.0
    "#]],
    );
}

#[test]
fn nothing() {
    let output = House::with(&[]).output(&[]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn completions_know_every_command() {
    let house = House::with(&[]);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = house.output(&["completions", shell]);
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{shell}");
        for command in ["serve", "validate", "state-machines"] {
            assert!(script.contains(command), "{shell} {command}");
        }
    }
}
