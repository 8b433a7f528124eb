//! The optimised integrations: what becomes of parameters, results and failures.

use serde_json::{Value, json};

use super::World;

const METADATA: [&str; 2] = ["SdkHttpMetadata", "SdkResponseMetadata"];

/// Takes what the answer came with from a result, and holds that it is there.
fn without_metadata(mut result: Value) -> Value {
    assert_eq!(result["SdkHttpMetadata"]["HttpStatusCode"], 200, "{result}");
    let headers = result["SdkHttpMetadata"]["HttpHeaders"]
        .as_object()
        .unwrap();
    let all = result["SdkHttpMetadata"]["AllHttpHeaders"]
        .as_object()
        .unwrap();
    assert_eq!(headers.len(), all.len());
    for (name, value) in headers {
        assert_eq!(all[name], json!([value]));
    }
    assert_eq!(
        headers["Content-Length"]
            .as_str()
            .map(|text| text.parse::<u32>().is_ok()),
        Some(true)
    );
    for name in METADATA {
        assert!(result.as_object_mut().unwrap().remove(name).is_some());
    }
    result
}

#[test]
fn some_services_have_integrations_of_their_own() {
    let world = World::open();
    messages_may_be_json(&world);
    items_are_kept_and_found(&world);
    events_tell_who_sent_them(&world);
    failures_have_the_names_of_the_integrations(&world);
}

fn messages_may_be_json(world: &World) {
    let sdk = |action: &str, parameters: Value| {
        world.call(&format!("arn:aws:states:::aws-sdk:{action}"), parameters)
    };
    let url = sdk("sqs:createQueue", json!({ "QueueName": "q" }))["QueueUrl"].clone();
    let received = || {
        let got = sdk("sqs:receiveMessage", json!({ "QueueUrl": url }));
        let message = &got["Messages"][0];
        let deleted = json!({ "QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] });
        sdk("sqs:deleteMessage", deleted);
        message["Body"].as_str().unwrap_or_default().to_owned()
    };
    for (body, sent) in [
        (json!("plain"), "plain"),
        (
            json!({ "b": [1, 2], "a": null }),
            "{\"b\":[1,2],\"a\":null}",
        ),
        (json!(7), "7"),
    ] {
        let parameters = json!({ "QueueUrl": url, "MessageBody": body });
        let result = world.call("arn:aws:states:::sqs:sendMessage", parameters);
        let result = without_metadata(result);
        assert!(result["MessageId"].is_string() && result["MD5OfMessageBody"].is_string());
        assert_eq!(received(), sent);
    }
    let topic = sdk("sns:createTopic", json!({ "Name": "t" }))["TopicArn"].clone();
    let attributes = sdk(
        "sqs:getQueueAttributes",
        json!({ "QueueUrl": url, "AttributeNames": ["QueueArn"] }),
    );
    sdk(
        "sns:subscribe",
        json!({
            "TopicArn": topic, "Protocol": "sqs", "Endpoint": attributes["Attributes"]["QueueArn"],
            "Attributes": { "RawMessageDelivery": "true" },
        }),
    );
    let published = world.call(
        "arn:aws:states:::sns:publish",
        json!({
            "TopicArn": topic, "Message": { "hello": "world" },
            "MessageAttributes": { "colour": { "DataType": "String", "StringValue": "red" } },
        }),
    );
    assert!(without_metadata(published)["MessageId"].is_string());
    assert_eq!(received(), "{\"hello\":\"world\"}");
}

fn items_are_kept_and_found(world: &World) {
    world.call(
        "arn:aws:states:::aws-sdk:dynamodb:createTable",
        json!({
            "TableName": "t",
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
            "BillingMode": "PAY_PER_REQUEST",
        }),
    );
    let call = |action: &str, mut parameters: Value| {
        parameters["TableName"] = "t".into();
        without_metadata(world.call(&format!("arn:aws:states:::dynamodb:{action}"), parameters))
    };
    let key = json!({ "id": { "S": "1" } });
    assert_eq!(
        call(
            "putItem",
            json!({ "Item": { "id": { "S": "1" }, "n": { "N": "1" } } })
        ),
        json!({})
    );
    assert_eq!(
        call(
            "updateItem",
            json!({
                "Key": key, "UpdateExpression": "SET n = n + :one", "ExpressionAttributeValues": { ":one": { "N": "1" } },
                "ReturnValues": "UPDATED_NEW",
            })
        )["Attributes"],
        json!({ "n": { "N": "2" } })
    );
    assert_eq!(
        call("getItem", json!({ "Key": key })),
        json!({ "Item": { "id": { "S": "1" }, "n": { "N": "2" } } })
    );
    assert_eq!(call("deleteItem", json!({ "Key": key })), json!({}));
    assert_eq!(call("getItem", json!({ "Key": key })), json!({}));
}

fn events_tell_who_sent_them(world: &World) {
    let entry =
        |detail: Value| json!({ "Source": "shop", "DetailType": "order", "Detail": detail });
    let entries = json!({ "Entries": [entry(json!({ "id": 1 })), entry(json!("{\"id\":2}"))] });
    let result = world.call("arn:aws:states:::events:putEvents", entries);
    // No metadata here.
    assert_eq!(result.as_object().unwrap().len(), 2, "{result}");
    assert_eq!(result["FailedEntryCount"], 0);
    assert_eq!(result["Entries"].as_array().unwrap().len(), 2);

    let wrong =
        json!({ "Entries": [{ "Source": "shop", "DetailType": "order", "Detail": "no json" }] });
    let (error, cause) = world.failure("arn:aws:states:::events:putEvents", wrong);
    assert_eq!(error, "EventBridge.FailedEntry");
    let cause: Value = serde_json::from_str(&cause).unwrap();
    assert_eq!(cause["FailedEntryCount"], 1, "{cause}");
    assert_eq!(cause["Entries"][0]["ErrorCode"], "MalformedDetail");
}

fn failures_have_the_names_of_the_integrations(world: &World) {
    let check = |resource: &str, parameters: Value, error: &str, cause: &str| {
        let actual = world.failure(&format!("arn:aws:states:::{resource}"), parameters);
        assert_eq!(actual, (error.to_owned(), cause.to_owned()), "{resource}");
    };
    check(
        "dynamodb:getItem",
        json!({ "TableName": "none", "Key": { "id": { "S": "1" } } }),
        "DynamoDB.ResourceNotFoundException",
        "Requested resource not found (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: …; Proxy: null)",
    );
    check(
        "sns:publish",
        json!({ "TopicArn": "arn:aws:sns:us-east-1:123456789012:none", "Message": "m" }),
        "SNS.NotFoundException",
        "Endpoint does not exist (Service: AmazonSNS; Status Code: 404; Error Code: NotFound; Request ID: …; Proxy: null)",
    );
    check(
        "sqs:sendMessage",
        json!({ "MessageBody": "m", "Colour": "red" }),
        "States.Runtime",
        "The Parameters '{\"MessageBody\":\"m\",\"Colour\":\"red\"}' could not be used to start the Task: \
         [The field \"QueueUrl\" is required but was missing, The field \"Colour\" is not supported by Step Functions]",
    );
}
