use super::*;
use expect_test::expect;

#[test]
fn what_can_be_called() {
    let arns = [
        "arn:aws:states:us-east-1:000000000000:stateMachine:nightly",
        "arn:aws:states:us-east-1:000000000000:stateMachine:nightly:3",
        "arn:aws:states:us-east-1:000000000000:execution:nightly:3",
        "arn:aws:batch:us-east-1:000000000000:job-queue/default",
        "arn:aws:lambda:us-east-1:000000000000:function:charge:live",
        "arn:aws:scheduler:::aws-sdk:sfn:startExecution",
        "arn:aws:scheduler:::aws-sdk:batch:submitJob",
        "arn:aws:scheduler:::aws-sdk:databasemigration:startReplicationTask",
        "arn:aws:scheduler:::aws-sdk:s3:putObject",
        "arn:aws:sqs:us-east-1:000000000000:queue",
        "nightly",
    ];
    let lines: Vec<String> = arns
        .iter()
        .map(|arn| match Target::parse(arn) {
            Ok(target) => format!("{target:?}"),
            Err(why) => why,
        })
        .collect();
    expect![[""]].assert_eq(&lines.join("\n"));
}
