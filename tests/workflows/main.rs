//! Runs every workflow of `workflows/` with the real binary, and holds its output and its path.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

mod containers;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use tests::support::aws::{Aws, text};
use tests::support::binary::{ratchet, root};
use tests::support::server::{Server, quiet_environment};

/// Executes a workflow with an input of `workflows/inputs`, and compares its path and its end.
fn check(machine: &str, input: &str, expected: &Expect) {
    check_answered(machine, input, |_| {}, expected);
}

/// The same with somebody who answers letters from the outbox.
fn check_answered(machine: &str, input: &str, answer: impl FnOnce(&Path), expected: &Expect) {
    let server = Server::new();
    let outbox = server.home().join("outbox");
    let server = server
        .config(&workflows().join("ratchet.toml"))
        .variable("APPROVALS_OUTBOX", outbox.to_str().unwrap())
        .start();
    let mut aws = server.aws();
    // One that starts another needs it there.
    for name in ["close-ledger", machine] {
        let definition = fs::read_to_string(definition(name)).unwrap();
        aws.create(name, &definition);
    }
    let arn = format!("arn:aws:states:us-east-1:000000000000:stateMachine:{machine}");
    let input = fs::read_to_string(workflows().join("inputs").join(input)).unwrap();
    let execution = aws.start(&arn, &input);
    answer(&outbox);
    expected.assert_eq(&told(&mut aws, &execution));
}

/// The path of an execution and its end.
fn told(aws: &mut Aws, execution: &str) -> String {
    let ended = aws.wait(execution);
    let mut actual = aws.path(execution).join("\n");
    write!(actual, "\n{}", text(&ended, "status")).unwrap();
    for name in ["output", "error", "cause"] {
        if !ended[name].is_null() {
            write!(actual, "\n{}", text(&ended, name)).unwrap();
        }
    }
    actual + "\n"
}

fn workflows() -> PathBuf {
    root().join("workflows")
}

fn definition(machine: &str) -> PathBuf {
    workflows().join(format!("{machine}.asl.json"))
}

/// Waits for a letter and answers it as a person would.
fn answer(outbox: &Path, letter: &str, words: &[&str]) {
    let letter = outbox.join(letter);
    let began = Instant::now();
    while !letter.exists() {
        assert!(began.elapsed() < Duration::from_secs(30), "no letter comes");
        sleep(Duration::from_millis(20));
    }
    let answered = Command::new("python3")
        .arg(workflows().join("functions/approve.py"))
        .arg(letter)
        .args(words)
        .output()
        .unwrap();
    assert!(answered.status.success(), "{answered:?}");
}

/// Executes a workflow without a server.
fn run(arguments: &[&str]) -> Output {
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new(ratchet());
    quiet_environment(&mut command);
    command
        .arg("run")
        .args(arguments)
        .arg("--data")
        .arg(data.path())
        .current_dir(root())
        .output()
        .unwrap()
}

#[test]
fn an_order_is_taken() {
    check(
        "order-saga",
        "order-saga.json",
        &expect![[r#"
        ReserveStock
        ChargeCard
        BookShipment
        OrderTaken
        SUCCEEDED
        {"status":"taken","shipment":"SHP-7c02c241","payment":"PAY-baa232ed","message":"5 articles arrive in 2 days","charged":968.6,"order":"2026-1147"}
    "#]],
    );
}

#[test]
fn an_order_that_no_carrier_takes_is_undone() {
    check(
        "order-saga",
        "order-saga.no-carrier.json",
        &expect![[r#"
        ReserveStock
        ChargeCard
        BookShipment
        RefundCard
        ReleaseStock
        OrderRejected
        FAILED
        CarrierRefused
        order 2026-1148 was rejected and nothing is left of it: {"errorType": "CarrierRefused", "errorMessage": "no carrier delivers to AQ"}
    "#]],
    );
}

#[test]
fn an_order_that_cannot_be_paid_is_undone() {
    check(
        "order-saga",
        "order-saga.declined.json",
        &expect![[r#"
        ReserveStock
        ChargeCard
        ReleaseStock
        OrderRejected
        FAILED
        CardDeclined
        order 2026-1149 was rejected and nothing is left of it: {"errorType": "CardDeclined", "errorMessage": "8990.00 is more than the card's limit of 5000.00"}
    "#]],
    );
}

#[test]
fn the_nightly_load_repeats_what_fails() {
    check(
        "nightly-load",
        "nightly-load.json",
        &expect![[r#"
        Prepare
        FetchRates
        ListRegions
        LoadRegions
        LoadRegion
        LoadRegion
        LoadRegion
        LoadRegion
        Reconcile
        IsComplete
        LoadComplete
        SUCCEEDED
        {"amount":2150.0,"rows":10,"day":"2026-11-22"}
    "#]],
    );
}

#[test]
fn the_nightly_load_says_what_is_missing() {
    check(
        "nightly-load",
        "nightly-load.region-down.json",
        &expect![[r#"
            Prepare
            FetchRates
            ListRegions
            LoadRegions
            LoadRegion
            LoadRegion
            LoadRegion
            LoadRegion
            LeaveRegionOut
            Reconcile
            IsComplete
            LoadIncomplete
            FAILED
            LoadIncomplete
            9 rows of 2026-11-23 are loaded, but none of ["south"]
        "#]],
    );
}

#[test]
fn an_export_is_polled_until_it_is_ready() {
    check(
        "report-export",
        "report-export.json",
        &expect![[r#"
        StartExport
        WaitABit
        AskForStatus
        CountTheQuestion
        IsItReady
        WaitABit
        AskForStatus
        CountTheQuestion
        IsItReady
        WaitABit
        AskForStatus
        CountTheQuestion
        IsItReady
        ExportReady
        SUCCEEDED
        {"asked":3,"id":"receivables-2026-10","rows":13750,"status":"READY"}
    "#]],
    );
}

#[test]
fn an_export_is_not_polled_for_ever() {
    check(
        "report-export",
        "report-export.too-slow.json",
        &expect![[r#"
            StartExport
            WaitABit
            AskForStatus
            CountTheQuestion
            IsItReady
            WaitABit
            AskForStatus
            CountTheQuestion
            IsItReady
            GiveUp
            FAILED
            ExportTooSlow
            export unknown-2026-10 is still RUNNING after 2 questions
        "#]],
    );
}

#[test]
fn an_invoice_is_posted() {
    check(
        "invoice-import",
        "invoice-import.json",
        &expect![[r#"
        Fingerprint
        ReadInvoice
        IsAcceptable
        PostLines
        PostLine
        PostLine
        SumPostings
        DoTotalsAgree
        Posted
        SUCCEEDED
        {"status":"posted","total":412.75,"supplier":"Alpen Papier","fingerprint":"27a89845a07ddaf7c9eb19bd9432aea6c3e9377783874866b2c49652028c8ea4","invoice":"2026-0815"}
    "#]],
    );
}

#[test]
fn an_unknown_supplier_s_invoice_is_held() {
    check(
        "invoice-import",
        "invoice-import.unknown-supplier.json",
        &expect![[r#"
            Fingerprint
            ReadInvoice
            IsAcceptable
            HoldForClerk
            SUCCEEDED
            {"status":"held","reason":"FR00000000000 is no supplier of ours, or the invoice is empty","invoice":"77-1"}
        "#]],
    );
}

#[test]
fn an_invoice_with_a_wrong_total_is_refused() {
    check(
        "invoice-import",
        "invoice-import.wrong-total.json",
        &expect![[r#"
            Fingerprint
            ReadInvoice
            IsAcceptable
            PostLines
            PostLine
            SumPostings
            DoTotalsAgree
            TotalsDiffer
            FAILED
            TotalsDiffer
            invoice 4711 declares 99.0, but its lines make 89.9
        "#]],
    );
}

#[test]
fn a_small_expense_is_paid_at_once() {
    check(
        "expense-approval",
        "expense-approval.small.json",
        &expect![[r#"
            NeedsApproval
            PayExpense
            SUCCEEDED
            {"amount":18.5,"transfer":"T-E-302"}
        "#]],
    );
}

#[test]
fn an_expense_is_paid_when_the_manager_agrees() {
    let agree = |outbox: &Path| answer(outbox, "E-301-lindqvist.json", &["yes"]);
    check_answered(
        "expense-approval",
        "expense-approval.json",
        agree,
        &expect![[r#"
            NeedsApproval
            AskManager
            PayExpense
            SUCCEEDED
            {"amount":380.0,"transfer":"T-E-301"}
        "#]],
    );
}

#[test]
fn an_expense_is_refused_when_the_manager_refuses() {
    let refuse = |outbox: &Path| answer(outbox, "E-301-lindqvist.json", &["no", "too dear"]);
    check_answered(
        "expense-approval",
        "expense-approval.json",
        refuse,
        &expect![[r#"
            NeedsApproval
            AskManager
            ExpenseRefused
            FAILED
            Refused
            too dear
        "#]],
    );
}

#[test]
fn an_expense_that_nobody_answers_goes_to_the_director() {
    let agree = |outbox: &Path| answer(outbox, "E-303-director.json", &["yes"]);
    check_answered(
        "expense-approval",
        "expense-approval.unanswered.json",
        agree,
        &expect![[r#"
            NeedsApproval
            AskManager
            AskDirector
            PayExpense
            SUCCEEDED
            {"amount":2100.0,"transfer":"T-E-303"}
        "#]],
    );
}

#[test]
fn a_month_ends_with_executions_in_an_execution() {
    check(
        "month-end",
        "month-end.json",
        &expect![[r#"
        CloseCompanies
        CloseCompany
        CloseCompany
        CloseCompany
        NotReady
        Consolidate
        SUCCEEDED
        {"month":"2026-10","result":33950.25,"closed":["Werk Nord","Vertrieb"],"open":["Werk Sued"]}
    "#]],
    );
}

#[test]
fn every_workflow_is_valid_and_has_an_input() {
    let mut names: Vec<String> = fs::read_dir(workflows())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".asl.json").map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() >= 4, "{names:?}");
    for name in names {
        let validated = Command::new(ratchet())
            .arg("validate")
            .arg(definition(&name))
            .output()
            .unwrap();
        assert!(validated.status.success(), "{name}: {validated:?}");
        assert!(
            workflows().join(format!("inputs/{name}.json")).exists(),
            "{name} has no input"
        );
    }
}

#[test]
fn the_command_line_prints_the_order_s_result() {
    let saga = "workflows/order-saga.asl.json";
    let taken = run(&[saga, "--input", "@workflows/inputs/order-saga.json"]);
    assert_eq!(taken.status.code(), Some(0), "{taken:?}");
    expect![[r#"
        {"status":"taken","shipment":"SHP-7c02c241","payment":"PAY-baa232ed","message":"5 articles arrive in 2 days","charged":968.6,"order":"2026-1147"}
    "#]].assert_eq(&String::from_utf8(taken.stdout).unwrap());

    let refused = run(&[
        "-q",
        saga,
        "--input",
        "@workflows/inputs/order-saga.declined.json",
    ]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert_eq!(String::from_utf8(refused.stdout).unwrap(), "");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("error: CardDeclined"), "{said}");
}
