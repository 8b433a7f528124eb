//! How services and errors are called where people meet them: the names of the SDK for Java, which are those of workflows.

/// `Database Migration Service` is `databasemigration`: the name in `arn:aws:states:::aws-sdk:NAME:action`.
#[must_use]
pub fn sdk_name(service_id: &str) -> String {
    let name = service_id
        .strip_prefix("Amazon ")
        .or_else(|| service_id.strip_prefix("AWS "))
        .unwrap_or(service_id);
    let name = name.strip_suffix(" Service").unwrap_or(name);
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// `DynamoDB` is `DynamoDb`, `SFN` is `Sfn`, `CloudWatch Logs` is `CloudWatchLogs`: what errors begin with.
#[must_use]
pub fn class_prefix(service_id: &str) -> String {
    let name = service_id
        .strip_prefix("Amazon ")
        .or_else(|| service_id.strip_prefix("AWS "))
        .unwrap_or(service_id);
    pascal(name.strip_suffix(" Service").unwrap_or(name))
}

/// The class of an error's shape: `StateMachineDoesNotExist` is `StateMachineDoesNotExistException`, `ResourceNotFoundFault` is
/// `ResourceNotFoundException`.
#[must_use]
pub fn exception(shape: &str) -> String {
    if let Some(name) = shape.strip_suffix("Fault") {
        return pascal(name) + "Exception";
    }
    let name = pascal(shape);
    if name.ends_with("Exception") {
        name
    } else {
        name + "Exception"
    }
}

/// A member's name as workflows spell it: with a capital letter.
#[must_use]
pub fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .into_iter()
        .map(|first| first.to_ascii_uppercase())
        .chain(letters)
        .collect()
}

/// Words, each with one capital letter, put together.
fn pascal(text: &str) -> String {
    words(text)
        .iter()
        .map(|word| capitalised(&word.to_ascii_lowercase()))
        .collect()
}

/// Finds the words in a name: `ACMSuccess` has two, `TestV4` and `DynamoDB` as well, `WAFV2` one.
fn words(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let at = |index: usize| letters.get(index).copied().unwrap_or(' ');
    let mut spaced = String::with_capacity(text.len() + 8);
    for (index, &letter) in letters.iter().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            spaced.push(' ');
            continue;
        }
        let before = if index > 0 { at(index - 1) } else { ' ' };
        let next = at(index + 1);
        let begins = if before == ' ' {
            false
        } else if is_version(&letters, index) {
            true
        } else if letter.is_ascii_uppercase() {
            // After a small letter, unless it is the last one: `IoT` is one word. Of an acronym, the last letter begins the next word.
            (before.is_ascii_lowercase() && next.is_ascii_alphanumeric())
                || (before.is_ascii_uppercase()
                    && next.is_ascii_lowercase()
                    && !is_version(&letters, index + 1))
        } else {
            false
        };
        let after_number = before.is_ascii_digit() && letter.is_ascii_alphabetic();
        if begins || after_number {
            spaced.push(' ');
        }
        spaced.push(letter);
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// Whether a `v` and a number stand apart from what is before: a small one after two capitals, or a capital one after two that are none.
fn is_version(letters: &[char], index: usize) -> bool {
    let Some(&letter) = letters.get(index) else {
        return false;
    };
    let numbered = letters.get(index + 1).is_some_and(char::is_ascii_digit);
    let two_before =
        |fits: fn(&char) -> bool| index >= 2 && letters[index - 2..index].iter().all(fits);
    match letter {
        'v' => numbered && two_before(|letter| !letter.is_ascii_lowercase()),
        'V' => numbered && two_before(|letter| !letter.is_ascii_uppercase()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{class_prefix, exception, sdk_name};

    #[test]
    fn services_have_the_names_of_workflows() {
        for (id, name, prefix) in [
            ("DynamoDB", "dynamodb", "DynamoDb"),
            ("SFN", "sfn", "Sfn"),
            ("SQS", "sqs", "Sqs"),
            ("S3", "s3", "S3"),
            ("CloudWatch Logs", "cloudwatchlogs", "CloudWatchLogs"),
            ("EventBridge", "eventbridge", "EventBridge"),
            ("Secrets Manager", "secretsmanager", "SecretsManager"),
            (
                "Database Migration Service",
                "databasemigration",
                "DatabaseMigration",
            ),
            ("SESv2", "sesv2", "SesV2"),
            ("WAFV2", "wafv2", "Wafv2"),
            ("EC2", "ec2", "Ec2"),
            ("IoT", "iot", "Iot"),
            ("ApiGatewayV2", "apigatewayv2", "ApiGatewayV2"),
            (
                "Kinesis Analytics V2",
                "kinesisanalyticsv2",
                "KinesisAnalyticsV2",
            ),
            ("Route 53", "route53", "Route53"),
            ("OpenSearch", "opensearch", "OpenSearch"),
            ("Lex Runtime Service", "lexruntime", "LexRuntime"),
            ("EMR containers", "emrcontainers", "EmrContainers"),
        ] {
            assert_eq!(sdk_name(id), name);
            assert_eq!(class_prefix(id), prefix);
        }
    }

    #[test]
    fn errors_have_the_names_of_java() {
        for (shape, class) in [
            (
                "StateMachineDoesNotExist",
                "StateMachineDoesNotExistException",
            ),
            ("InvalidToken", "InvalidTokenException"),
            ("ResourceNotFoundException", "ResourceNotFoundException"),
            ("ResourceNotFoundFault", "ResourceNotFoundException"),
            ("KMSInvalidStateException", "KmsInvalidStateException"),
            ("NoSuchBucket", "NoSuchBucketException"),
            ("DBInstanceNotFoundFault", "DbInstanceNotFoundException"),
        ] {
            assert_eq!(exception(shape), class);
        }
    }
}
