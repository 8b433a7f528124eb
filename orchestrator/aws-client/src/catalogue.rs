//! The models that there are: the common services' in the binary, others in a directory in botocore's own layout.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use flate2::read::GzDecoder;
use serde::Deserialize;

use crate::error::Error;
use crate::model::Model;

/// The longest model that is read, unpacked. The greatest of AWS has 6 MB.
const MODEL_BYTES: u64 = 64 << 20;

/// What is known of every service, by the name that workflows have for it.
static INDEX: LazyLock<BTreeMap<String, Entry>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../models/index.json"))
        .expect("the index is made by models.py")
});

#[derive(Debug, Deserialize)]
struct Entry {
    folder: String,
    id: String,
    host: Option<String>,
    region: Option<String>,
}

/// The one host of a service that is the same in all regions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneHost {
    /// `iam.amazonaws.com`
    pub host: String,
    /// The region in signatures.
    pub region: String,
}

/// The models, each read when it is first asked for.
#[derive(Debug, Default)]
pub struct Catalogue {
    directory: Option<PathBuf>,
    models: Mutex<HashMap<String, Arc<Model>>>,
}

impl Catalogue {
    /// The models of the binary, and those of a directory: `SERVICE/VERSION/service-2.json`, perhaps with `.gz`. A model there wins over the
    /// binary's.
    #[must_use]
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self {
            directory,
            models: Mutex::default(),
        }
    }

    /// The model of a service, named as workflows do. It may read a file.
    ///
    /// # Errors
    /// When there is none, or it can't be read.
    pub fn model(&self, service: &str) -> Result<Arc<Model>, Error> {
        if let Some(model) = self.lock().get(service) {
            return Ok(model.clone());
        }
        let document = self
            .document(service)?
            .ok_or_else(|| Error::UnknownService(service.to_owned()))?;
        let model = Model::parse(&document).map_err(|error| Error::Model {
            service: service.to_owned(),
            reason: error.to_string(),
        })?;
        let model = Arc::new(model);
        self.lock().insert(service.to_owned(), model.clone());
        Ok(model)
    }

    /// What is known of a service without its model: `Some(true)` when its model is at hand, `Some(false)` when AWS has it and its model is
    /// not here, `None` when nobody knows it.
    #[must_use]
    pub fn knows(&self, service: &str) -> Option<bool> {
        let folder = folder(service);
        let is_here = bundled(&folder).is_some()
            || self
                .directory
                .as_ref()
                .is_some_and(|directory| newest(&directory.join(&folder)).is_some());
        if is_here {
            return Some(true);
        }
        INDEX.contains_key(service).then_some(false)
    }

    /// The one host of a service that has only one.
    #[must_use]
    pub fn one_host(&self, service: &str) -> Option<OneHost> {
        let entry = INDEX.get(service)?;
        Some(OneHost {
            host: entry.host.clone()?,
            region: entry.region.clone()?,
        })
    }

    fn document(&self, service: &str) -> Result<Option<Vec<u8>>, Error> {
        let folder = folder(service);
        let wrong = |reason: String| Error::Model {
            service: service.to_owned(),
            reason,
        };
        if let Some(directory) = &self.directory
            && let Some(path) = newest(&directory.join(&folder))
        {
            let bytes = fs::read(&path)
                .map_err(|error| wrong(format!("cannot read {}: {error}", path.display())))?;
            let is_packed = path.extension().is_some_and(|extension| extension == "gz");
            let document = if is_packed {
                unpacked(&bytes)
            } else {
                Ok(bytes)
            };
            return document
                .map(Some)
                .map_err(|error| wrong(format!("cannot unpack {}: {error}", path.display())));
        }
        match bundled(&folder) {
            None => Ok(None),
            Some(bytes) => unpacked(bytes)
                .map(Some)
                .map_err(|error| wrong(error.to_string())),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Model>>> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The service id (`CloudWatch Logs`) of a service that AWS is known to have, whether its model is here or not.
#[must_use]
pub fn service_id(service: &str) -> Option<&'static str> {
    INDEX.get(service).map(|entry| entry.id.as_str())
}

/// The names of the services whose models are in the binary.
pub fn bundled_services() -> impl Iterator<Item = &'static str> {
    INDEX
        .iter()
        .filter(|(_, entry)| bundled(&entry.folder).is_some())
        .map(|(name, _)| name.as_str())
}

/// Where botocore keeps a service's model. One that is newer than the index is looked for under its own name.
fn folder(service: &str) -> String {
    match INDEX.get(service) {
        Some(entry) => entry.folder.clone(),
        None => service
            .chars()
            .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
            .collect(),
    }
}

/// The model of the newest version in a service's folder.
fn newest(folder: &Path) -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    versions.sort();
    versions.iter().rev().find_map(|version| {
        ["service-2.json", "service-2.json.gz"]
            .map(|name| version.join(name))
            .into_iter()
            .find(|path| path.is_file())
    })
}

fn unpacked(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut document = Vec::new();
    GzDecoder::new(bytes)
        .take(MODEL_BYTES)
        .read_to_end(&mut document)?;
    Ok(document)
}

/// The models in the binary.
fn bundled(folder: &str) -> Option<&'static [u8]> {
    BUNDLED
        .binary_search_by_key(&folder, |(name, _)| name)
        .ok()
        .map(|found| BUNDLED[found].1)
}

macro_rules! models {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../models/", $name, ".json.gz")))),*]
    };
}

/// By folder, in order.
const BUNDLED: &[(&str, &[u8])] = models![
    "apigateway",
    "application-autoscaling",
    "athena",
    "autoscaling",
    "batch",
    "bedrock-runtime",
    "cloudformation",
    "cloudwatch",
    "codebuild",
    "codepipeline",
    "cognito-idp",
    "comprehend",
    "databrew",
    "dms",
    "dynamodb",
    "dynamodbstreams",
    "ec2",
    "ecr",
    "ecs",
    "eks",
    "elbv2",
    "emr",
    "emr-containers",
    "emr-serverless",
    "events",
    "firehose",
    "glue",
    "iam",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "mediaconvert",
    "opensearch",
    "pipes",
    "polly",
    "rds",
    "rds-data",
    "redshift",
    "redshift-data",
    "rekognition",
    "route53",
    "s3",
    "s3control",
    "sagemaker",
    "sagemaker-runtime",
    "scheduler",
    "secretsmanager",
    "servicediscovery",
    "ses",
    "sesv2",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
    "textract",
    "transcribe",
    "translate",
    "xray",
];
