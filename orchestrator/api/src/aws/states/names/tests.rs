//! Names and ARNs that are taken, and those that are not.

use expect_test::{Expect, expect};
use runtime::arn::Partition;

use super::{Arns, check_name};
use crate::aws::states::errors::{Refusal, problem};
use crate::aws::states::wire::Operation;

fn shown<T: std::fmt::Debug>(result: Result<T, Refusal>) -> String {
    let partition = Partition::default();
    let arns = Arns {
        partition: &partition,
    };
    match result {
        Ok(value) => format!("{value:?}"),
        Err(refusal) => {
            let problem = problem(Operation::StartExecution, arns, refusal);
            format!("{}: {}", problem.code, problem.message)
        }
    }
}

#[test]
fn names_have_no_special_characters() {
    for name in ["a", "A-b_9", "ünïcode", "a.b", "a+b@c!=()'"] {
        assert!(check_name(name).is_ok(), "{name}");
    }
    let refused = "<>{}[]?*\"#%\\^|~`$&,;:/ \t\n\u{1f}\u{7f}\u{9f}\u{ffff}\u{a0}";
    for character in refused.chars() {
        let name = format!("activity{character}name");
        assert_eq!(
            shown(check_name(&name)),
            format!("InvalidName: Invalid Name: '{name}'")
        );
    }
}

fn check(arn: &str, expected: &Expect) {
    let partition = Partition::default();
    let arns = Arns {
        partition: &partition,
    };
    expected.assert_eq(&format!(
        "machine    {}\nexecution  {}\nactivity   {}\ntags       {}\n",
        shown(arns.machine(arn)),
        shown(arns.execution(arn)),
        shown(arns.activity(arn)),
        shown(arns.taggable(arn)),
    ));
}

#[test]
fn arns_are_of_this_server_and_of_the_kind_asked_for() {
    for (arn, expected) in [
        (
            "not_a_valid_arn",
            expect![[r#"
            machine    InvalidArn: Invalid Arn: 'Invalid ARN prefix: not_a_valid_arn'
            execution  InvalidArn: Invalid Arn: 'Invalid ARN prefix: not_a_valid_arn'
            activity   InvalidArn: Invalid Arn: 'Invalid ARN prefix: not_a_valid_arn'
            tags       InvalidArn: Invalid Arn: 'Invalid ARN prefix: not_a_valid_arn'
        "#]],
        ),
        (
            "arn:aws:states:us-east-1:000000000000",
            expect![[r#"
            machine    InvalidArn: Invalid Arn: 'Invalid ARN: arn:aws:states:us-east-1:000000000000'
            execution  InvalidArn: Invalid Arn: 'Invalid ARN: arn:aws:states:us-east-1:000000000000'
            activity   InvalidArn: Invalid Arn: 'Invalid ARN: arn:aws:states:us-east-1:000000000000'
            tags       InvalidArn: Invalid Arn: 'Invalid ARN: arn:aws:states:us-east-1:000000000000'
        "#]],
        ),
        (
            "arn:aws:lambda:us-east-1:000000000000:function:f",
            expect![[r#"
                machine    InvalidArn: Invalid Arn: 'Invalid ARN: arn:aws:lambda:us-east-1:000000000000:function:f'
                execution  InvalidArn: Invalid Arn: 'Invalid ARN: arn:aws:lambda:us-east-1:000000000000:function:f'
                activity   InvalidArn: Invalid Arn: 'Invalid ARN: arn:aws:lambda:us-east-1:000000000000:function:f'
                tags       InvalidArn: Invalid Arn: 'Invalid ARN: arn:aws:lambda:us-east-1:000000000000:function:f'
            "#]],
        ),
        (
            "arn:aws:states:eu-west-1:000000000000:stateMachine:m",
            expect![[r#"
                machine    InvalidArn: Invalid Arn: 'The ARN is of another region or account than us-east-1:000000000000: arn:aws:states:eu-west-1:000000000000:stateMachine:m'
                execution  InvalidArn: Invalid Arn: 'The ARN is of another region or account than us-east-1:000000000000: arn:aws:states:eu-west-1:000000000000:stateMachine:m'
                activity   InvalidArn: Invalid Arn: 'The ARN is of another region or account than us-east-1:000000000000: arn:aws:states:eu-west-1:000000000000:stateMachine:m'
                tags       InvalidArn: Invalid Arn: 'The ARN is of another region or account than us-east-1:000000000000: arn:aws:states:eu-west-1:000000000000:stateMachine:m'
            "#]],
        ),
        (
            "arn:aws:states:us-east-1:123456789012:stateMachine:m",
            expect![[r#"
                machine    InvalidArn: Invalid Arn: 'The ARN is of another region or account than us-east-1:000000000000: arn:aws:states:us-east-1:123456789012:stateMachine:m'
                execution  InvalidArn: Invalid Arn: 'The ARN is of another region or account than us-east-1:000000000000: arn:aws:states:us-east-1:123456789012:stateMachine:m'
                activity   InvalidArn: Invalid Arn: 'The ARN is of another region or account than us-east-1:000000000000: arn:aws:states:us-east-1:123456789012:stateMachine:m'
                tags       InvalidArn: Invalid Arn: 'The ARN is of another region or account than us-east-1:000000000000: arn:aws:states:us-east-1:123456789012:stateMachine:m'
            "#]],
        ),
        (
            "arn:aws:states:us-east-1:000000000000:stateMachine:m",
            expect![[r#"
                machine    "m"
                execution  InvalidArn: Invalid Arn: 'Resource type not valid in this context: stateMachine'
                activity   InvalidArn: Invalid Arn: 'Resource type not valid in this context: stateMachine'
                tags       ()
            "#]],
        ),
        (
            "arn:aws:states:us-east-1:000000000000:stateMachine:m:1",
            expect![[r#"
                machine    StateMachineDoesNotExist: State Machine Does Not Exist: 'arn:aws:states:us-east-1:000000000000:stateMachine:m:1'
                execution  InvalidArn: Invalid Arn: 'Resource type not valid in this context: stateMachine'
                activity   InvalidArn: Invalid Arn: 'Resource type not valid in this context: stateMachine'
                tags       InvalidArn: Invalid Arn: 'Resource type not valid in this context: stateMachine'
            "#]],
        ),
        (
            "arn:aws:states:us-east-1:000000000000:execution:m:e",
            expect![[r#"
                machine    InvalidArn: Invalid Arn: 'Resource type not valid in this context: execution'
                execution  ("m", "e")
                activity   InvalidArn: Invalid Arn: 'Resource type not valid in this context: execution'
                tags       InvalidArn: Invalid Arn: 'Resource type not valid in this context: execution'
            "#]],
        ),
        (
            "arn:aws:states:us-east-1:000000000000:express:m:e:u",
            expect![[r#"
                machine    InvalidArn: Invalid Arn: 'Resource type not valid in this context: express'
                execution  InvalidArn: Invalid Arn: 'Resource type not valid in this context: express'
                activity   InvalidArn: Invalid Arn: 'Resource type not valid in this context: express'
                tags       InvalidArn: Invalid Arn: 'Resource type not valid in this context: express'
            "#]],
        ),
        (
            "arn:aws:states:us-east-1:000000000000:activity:a",
            expect![[r#"
                machine    InvalidArn: Invalid Arn: 'Resource type not valid in this context: activity'
                execution  InvalidArn: Invalid Arn: 'Resource type not valid in this context: activity'
                activity   "a"
                tags       ()
            "#]],
        ),
        (
            "arn:aws:states:us-east-1:000000000000:mapRun:m/l:u",
            expect![[r#"
                machine    InvalidArn: Invalid Arn: 'Resource type not valid in this context: mapRun'
                execution  InvalidArn: Invalid Arn: 'Resource type not valid in this context: mapRun'
                activity   InvalidArn: Invalid Arn: 'Resource type not valid in this context: mapRun'
                tags       InvalidArn: Invalid Arn: 'Resource type not valid in this context: mapRun'
            "#]],
        ),
    ] {
        check(arn, &expected);
    }
}
