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
        "arn:aws:scheduler:::aws-sdk:s3",
        "arn:aws:sqs:us-east-1:000000000000:queue",
        "arn:aws:sns:us-east-1:000000000000:topic",
        "arn:aws:kinesis:us-east-1:000000000000:stream/one",
        "nightly",
    ];
    let lines: Vec<String> = arns
        .iter()
        .map(|arn| match Target::parse(arn) {
            Ok(target) => format!("{target:?}"),
            Err(why) => why,
        })
        .collect();
    expect![[r#"
        StateMachine("nightly")
        versions and aliases of state machines can't be called; name the state machine
        this server can call state machines, job queues, Lambda functions, SQS queues, SNS topics and arn:aws:scheduler:::aws-sdk:… calls
        JobQueue("arn:aws:batch:us-east-1:000000000000:job-queue/default")
        Function("arn:aws:lambda:us-east-1:000000000000:function:charge:live")
        StartExecution
        SubmitJob
        StartReplicationTask
        Service { service: "s3", operation: "putObject" }
        aws-sdk:s3 names no operation; it should be aws-sdk:SERVICE:OPERATION, as aws-sdk:sqs:sendMessage
        Queue("https://sqs.us-east-1.amazonaws.com/000000000000/queue")
        Topic("arn:aws:sns:us-east-1:000000000000:topic")
        this server can call state machines, job queues, Lambda functions, SQS queues, SNS topics and arn:aws:scheduler:::aws-sdk:… calls
        it is no ARN"#]].assert_eq(&lines.join("\n"));
}
