//! `sagemaker:…`: jobs from their requests to their ends, and what is only created.

use serde_json::{Value, json};

use super::scripted::Scripted;
use super::{World, one_state, output};

/// The jobs: the action, what they are called, and what else must be given.
fn jobs() -> [(&'static str, Value); 5] {
    let output = json!({ "S3OutputPath": "s3://b/o" });
    let resources =
        json!({ "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1 });
    let human = json!({
        "WorkteamArn": "arn:aws:sagemaker:us-east-1:1:workteam/w", "UiConfig": {}, "TaskTitle": "t", "TaskDescription": "d",
        "NumberOfHumanWorkersPerDataObject": 1, "TaskTimeLimitInSeconds": 60,
    });
    [
        (
            "TrainingJob",
            json!({
                "AlgorithmSpecification": { "TrainingImage": "i", "TrainingInputMode": "File" }, "RoleArn": "arn:aws:iam::1:role/aaaaaaaaaaaa",
                "OutputDataConfig": output, "ResourceConfig": resources, "StoppingCondition": { "MaxRuntimeInSeconds": 60 },
            }),
        ),
        (
            "TransformJob",
            json!({
                "ModelName": "m", "TransformInput": { "DataSource": { "S3DataSource": { "S3DataType": "S3Prefix", "S3Uri": "s3://b/i" } } },
                "TransformOutput": output, "TransformResources": { "InstanceType": "ml.m5.large", "InstanceCount": 1 },
            }),
        ),
        (
            "ProcessingJob",
            json!({
                "ProcessingResources": { "ClusterConfig": resources }, "AppSpecification": { "ImageUri": "i" },
                "RoleArn": "arn:aws:iam::1:role/aaaaaaaaaaaa",
            }),
        ),
        (
            "HyperParameterTuningJob",
            json!({
                "HyperParameterTuningJobConfig": { "Strategy": "Random", "ResourceLimits": { "MaxParallelTrainingJobs": 1 } },
            }),
        ),
        (
            "LabelingJob",
            json!({
                "LabelAttributeName": "l", "InputConfig": { "DataSource": {} }, "OutputConfig": output, "RoleArn": "arn:aws:iam::1:role/aaaaaaaaaaaa",
                "HumanTaskConfig": human,
            }),
        ),
    ]
}

#[test]
fn jobs_are_waited_for_and_stopped() {
    let sagemaker = Scripted::open("AWS_ENDPOINT_URL_SAGEMAKER");
    for (job, others) in jobs() {
        let (name, status) = (format!("{job}Name"), format!("{job}Status"));
        let mut parameters = json!({ &name: "n" });
        let members = others.as_object().unwrap().clone();
        parameters.as_object_mut().unwrap().extend(members);
        let create = format!("Create{job}");
        let created = (create.as_str(), json!({ format!("{job}Arn"): "arn" }));
        let describe = format!("Describe{job}");
        let described = |state: &str| (describe.as_str(), json!({ &name: "n", &status: state }));
        let asked = format!("{create} {parameters}");
        let ask = format!("{describe} {{\"{name}\":\"n\"}}");
        let resource = format!("arn:aws:states:::sagemaker:create{job}");

        sagemaker.check(
            &resource,
            parameters.clone(),
            std::slice::from_ref(&created),
            &[&asked],
            &format!("{{\"{job}Arn\":\"arn\"}}"),
        );
        let resource = format!("{resource}.sync");
        sagemaker.check(
            &resource,
            parameters.clone(),
            &[
                created.clone(),
                described("InProgress"),
                described("Completed"),
            ],
            &[&asked, &ask, &ask],
            &format!("{{\"{name}\":\"n\",\"{status}\":\"Completed\"}}"),
        );
        for bad in ["Failed", "Stopped"] {
            sagemaker.check(
                &resource,
                parameters.clone(),
                &[created.clone(), described(bad)],
                &[&asked, &ask],
                &format!("States.TaskFailed: {{\"{name}\":\"n\",\"{status}\":\"{bad}\"}}"),
            );
        }
        sagemaker.check(
            &resource,
            parameters.clone(),
            &[(&create, json!("ResourceInUse"))],
            &[&asked],
            "SageMaker.ResourceInUseException: as the test wants it (Service: AmazonSageMaker; Status Code: 400; Error Code: ResourceInUse; \
             Request ID: …; Proxy: null)",
        );
        let stop = format!("Stop{job}");
        sagemaker.check_stop(
            &resource,
            parameters,
            &[created, described("InProgress"), (&stop, json!({}))],
            &format!("{stop} {{\"{name}\":\"n\"}}"),
        );
    }
    sagemaker.check(
        "arn:aws:states:::sagemaker:updateEndpoint",
        json!({ "EndpointName": "e", "EndpointConfigName": "c" }),
        &[("UpdateEndpoint", json!({ "EndpointArn": "arn" }))],
        &["UpdateEndpoint {\"EndpointName\":\"e\",\"EndpointConfigName\":\"c\"}"],
        "{\"EndpointArn\":\"arn\"}",
    );
}

/// The same against a service that somebody else wrote.
#[test]
fn models_are_made_and_served() {
    let world = World::open();
    let call = |action: &str, parameters: Value| {
        world.call(&format!("arn:aws:states:::sagemaker:{action}"), parameters)
    };
    let role = "arn:aws:iam::123456789012:role/sagemaker";
    let model =
        json!({ "ModelName": "m", "ExecutionRoleArn": role, "PrimaryContainer": { "Image": "i" } });
    let made = call("createModel", model);
    assert!(
        made["ModelArn"].as_str().unwrap().ends_with("model/m"),
        "{made}"
    );
    assert_eq!(made["SdkHttpMetadata"]["HttpStatusCode"], 200);
    let variant = json!({ "VariantName": "v", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.t2.medium" });
    call(
        "createEndpointConfig",
        json!({ "EndpointConfigName": "c", "ProductionVariants": [variant] }),
    );
    let made = call(
        "createEndpoint",
        json!({ "EndpointName": "e", "EndpointConfigName": "c" }),
    );
    assert!(
        made["EndpointArn"]
            .as_str()
            .unwrap()
            .ends_with("endpoint/e"),
        "{made}"
    );

    let trained = world.run(
        &one_state("arn:aws:states:::sagemaker:createTrainingJob.sync"),
        &json!({
            "TrainingJobName": "t", "RoleArn": role, "AlgorithmSpecification": { "TrainingImage": "i", "TrainingInputMode": "File" },
            "OutputDataConfig": { "S3OutputPath": "s3://b/o" }, "StoppingCondition": { "MaxRuntimeInSeconds": 60 },
            "ResourceConfig": { "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1 },
        }),
    );
    let result = output(&trained);
    assert_eq!(result["TrainingJobStatus"], "Completed");
    assert!(
        result["CreationTime"].as_i64().unwrap() > 1_600_000_000_000,
        "{result}"
    );

    let (error, cause) = world.failure(
        "arn:aws:states:::sagemaker:createEndpoint",
        json!({ "EndpointName": "e2", "EndpointConfigName": "none" }),
    );
    assert_eq!(error, "SageMaker.AmazonSageMakerException", "{cause}");
}
