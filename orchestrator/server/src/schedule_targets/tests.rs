use super::*;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

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
        "arn:aws:sqs:us-east-1:000000000000:queue.fifo",
        "arn:aws:kinesis:us-east-1:000000000000:stream/one",
        "arn:aws:firehose:us-east-1:000000000000:deliverystream/one",
        "arn:aws:events:us-east-1:000000000000:event-bus/default",
        "arn:aws:ecs:us-east-1:000000000000:cluster/one",
        "arn:aws:sagemaker:us-east-1:000000000000:pipeline/one",
        "arn:aws:codebuild:us-east-1:000000000000:project/one",
        "arn:aws:codepipeline:us-east-1:000000000000:one",
        "arn:aws:ec2:us-east-1:000000000000:instance/i-1",
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
        StateMachine("nightly", None)
        StateMachine("nightly", Some(Version(3)))
        a schedule can call state machines, job queues, functions of Lambda, queues of SQS, topics of SNS, streams of Kinesis and Firehose, event buses, clusters of ECS, pipelines of SageMaker and CodePipeline, projects of CodeBuild, and whatever arn:aws:scheduler:::aws-sdk:SERVICE:OPERATION names
        JobQueue("arn:aws:batch:us-east-1:000000000000:job-queue/default")
        Function("arn:aws:lambda:us-east-1:000000000000:function:charge:live")
        StartExecution
        SubmitJob
        StartReplicationTask
        Service { service: "s3", operation: "putObject" }
        aws-sdk:s3 names no operation; it should be aws-sdk:SERVICE:OPERATION, as aws-sdk:sqs:sendMessage
        Template(Queue { url: "https://sqs.us-east-1.amazonaws.com/000000000000/queue", is_fifo: false })
        Template(Topic("arn:aws:sns:us-east-1:000000000000:topic"))
        Template(Queue { url: "https://sqs.us-east-1.amazonaws.com/000000000000/queue.fifo", is_fifo: true })
        Template(Stream("arn:aws:kinesis:us-east-1:000000000000:stream/one"))
        Template(DeliveryStream("one"))
        Template(EventBus("arn:aws:events:us-east-1:000000000000:event-bus/default"))
        Template(Cluster("arn:aws:ecs:us-east-1:000000000000:cluster/one"))
        Template(Pipeline("one"))
        Template(Project("one"))
        Template(CodePipeline("one"))
        a schedule can call state machines, job queues, functions of Lambda, queues of SQS, topics of SNS, streams of Kinesis and Firehose, event buses, clusters of ECS, pipelines of SageMaker and CodePipeline, projects of CodeBuild, and whatever arn:aws:scheduler:::aws-sdk:SERVICE:OPERATION names
        it is no ARN"#]].assert_eq(&lines.join("\n"));
}

/// What a resource is called with, or why it can't be.
fn check(arn: &str, input: &str, parameters: Value, expected: &Expect) {
    let Value::Object(parameters) = parameters else {
        panic!("they are an object")
    };
    let template = Template::of(arn).expect("it has a call of its own");
    let call = Call {
        schedule_arn: String::new(),
        run: "nightly-20261124T020000Z-0badcafe".to_owned(),
        attempt: 1,
        target_arn: arn.to_owned(),
        input: input.to_owned(),
        parameters,
    };
    let said = match template.check(&call.parameters) {
        Err(mistake) => mistake.to_string(),
        Ok(()) => match template.request(&call) {
            Ok(request) => format!("{} {} {}", request.kind, request.operation, request.input),
            Err(why) => why,
        },
    };
    expected.assert_eq(&said);
}

#[test]
fn queues_of_sqs() {
    let queue = "arn:aws:sqs:us-east-1:000000000000:queue";
    check(
        queue,
        "{}",
        json!({}),
        &expect![[
            r#"aws-sdk:sqs sendMessage {"QueueUrl":"https://sqs.us-east-1.amazonaws.com/000000000000/queue","MessageBody":"{}"}"#
        ]],
    );
    let fifo = "arn:aws:sqs:us-east-1:000000000000:queue.fifo";
    check(
        fifo,
        "{}",
        json!({}),
        &expect!["Target.SqsParameters ``: this target needs it, with MessageGroupId"],
    );
    let group = json!({"SqsParameters": {"MessageGroupId": "nights"}});
    check(
        fifo,
        "a text",
        group,
        &expect![[
            r#"aws-sdk:sqs sendMessage {"QueueUrl":"https://sqs.us-east-1.amazonaws.com/000000000000/queue.fifo","MessageBody":"a text","MessageGroupId":"nights","MessageDeduplicationId":"nightly-20261124T020000Z-0badcafe"}"#
        ]],
    );
}

#[test]
fn streams_and_events() {
    let stream = "arn:aws:kinesis:us-east-1:000000000000:stream/one";
    check(
        stream,
        "{}",
        json!({"KinesisParameters": {}}),
        &expect!["Target.KinesisParameters `{}`: this target needs it, with PartitionKey"],
    );
    let key = json!({"KinesisParameters": {"PartitionKey": "a"}});
    check(
        stream,
        "{}",
        key,
        &expect![[
            r#"aws-sdk:kinesis putRecord {"StreamARN":"arn:aws:kinesis:us-east-1:000000000000:stream/one","Data":"{}","PartitionKey":"a"}"#
        ]],
    );
    let delivery = "arn:aws:firehose:us-east-1:000000000000:deliverystream/one";
    check(
        delivery,
        "{}",
        json!({}),
        &expect![[
            r#"aws-sdk:firehose putRecord {"DeliveryStreamName":"one","Record":{"Data":"{}"}}"#
        ]],
    );
    let bus = "arn:aws:events:us-east-1:000000000000:event-bus/default";
    let half = json!({"EventBridgeParameters": {"Source": "nights"}});
    check(
        bus,
        "{}",
        half,
        &expect![[
            r#"Target.EventBridgeParameters `{"Source":"nights"}`: this target needs it, with DetailType"#
        ]],
    );
    let whole = json!({"EventBridgeParameters": {"Source": "nights", "DetailType": "done"}});
    check(
        bus,
        r#"{"a":1}"#,
        whole.clone(),
        &expect![[
            r#"events putEvents {"Entries":[{"EventBusName":"arn:aws:events:us-east-1:000000000000:event-bus/default","DetailType":"done","Source":"nights","Detail":{"a":1}}]}"#
        ]],
    );
    check(
        bus,
        "[1]",
        whole,
        &expect![
            "the target's input is no JSON object: invalid type: sequence, expected a map at line 1 column 0"
        ],
    );
}

#[test]
fn tasks_of_ecs() {
    let cluster = "arn:aws:ecs:us-east-1:000000000000:cluster/one";
    check(
        cluster,
        "{}",
        json!({}),
        &expect!["Target.EcsParameters ``: this target needs it, with TaskDefinitionArn"],
    );
    let parameters = json!({"EcsParameters": {
        "TaskDefinitionArn": "arn:aws:ecs:us-east-1:000000000000:task-definition/sums",
        "TaskCount": 2,
        "LaunchType": "FARGATE",
        "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"], "AssignPublicIp": "ENABLED"}},
        "CapacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}],
        "Tags": [{"Key": "a", "Value": "b"}],
    }});
    let input = r#"{"containerOverrides":[{"name":"c","command":["sum"],"environment":[{"name":"A","value":"B"}]}],"cpu":"256","x":1}"#;
    check(
        cluster,
        input,
        parameters,
        &expect![[
            r#"ecs runTask {"Cluster":"arn:aws:ecs:us-east-1:000000000000:cluster/one","TaskDefinition":"arn:aws:ecs:us-east-1:000000000000:task-definition/sums","Count":2,"CapacityProviderStrategy":[{"CapacityProvider":"FARGATE","Weight":1}],"LaunchType":"FARGATE","NetworkConfiguration":{"AwsvpcConfiguration":{"Subnets":["subnet-1"],"AssignPublicIp":"ENABLED"}},"Tags":[{"Key":"a","Value":"b"}],"Overrides":{"ContainerOverrides":[{"Name":"c","Command":["sum"],"Environment":[{"Name":"A","Value":"B"}]}],"Cpu":"256"}}"#
        ]],
    );
}

#[test]
fn pipelines_and_projects() {
    let pipeline = "arn:aws:sagemaker:us-east-1:000000000000:pipeline/one";
    let list = json!({"SageMakerPipelineParameters": {"PipelineParameterList": [{"Name": "a", "Value": "b"}]}});
    check(
        pipeline,
        "{}",
        list,
        &expect![[
            r#"aws-sdk:sagemaker startPipelineExecution {"PipelineName":"one","PipelineParameters":[{"Name":"a","Value":"b"}]}"#
        ]],
    );
    let project = "arn:aws:codebuild:us-east-1:000000000000:project/one";
    let input = r#"{"environmentVariablesOverride":[{"name":"A","value":"B"}],"sourceVersion":"main","detail-type":"Scheduled Event"}"#;
    check(
        project,
        input,
        json!({}),
        &expect![[
            r#"codebuild startBuild {"EnvironmentVariablesOverride":[{"Name":"A","Value":"B"}],"SourceVersion":"main","ProjectName":"one"}"#
        ]],
    );
    let code_pipeline = "arn:aws:codepipeline:us-east-1:000000000000:one";
    check(
        code_pipeline,
        "{}",
        json!({}),
        &expect![[r#"aws-sdk:codepipeline startPipelineExecution {"Name":"one"}"#]],
    );
}
