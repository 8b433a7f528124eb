//! Amazon resource names of what the runtime keeps, composed and taken apart.

use std::sync::Arc;

use store::contract::Qualifier;

/// The part of an ARN that every resource of this server shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// `us-east-1`
    pub region: Arc<str>,
    /// Twelve digits.
    pub account: Arc<str>,
}

impl Default for Partition {
    fn default() -> Self {
        Self {
            region: "us-east-1".into(),
            account: "000000000000".into(),
        }
    }
}

impl Partition {
    /// `arn:aws:states:…:stateMachine:name`
    #[must_use]
    pub fn state_machine(&self, name: &str) -> String {
        format!(
            "arn:aws:states:{}:{}:stateMachine:{name}",
            self.region, self.account
        )
    }

    /// `arn:aws:states:…:execution:machine:name`
    #[must_use]
    pub fn execution(&self, machine: &str, name: &str) -> String {
        format!(
            "arn:aws:states:{}:{}:execution:{machine}:{name}",
            self.region, self.account
        )
    }

    /// `arn:aws:states:…:express:machine:name:uuid`
    #[must_use]
    pub fn express_execution(&self, machine: &str, name: &str, unique: &str) -> String {
        format!(
            "arn:aws:states:{}:{}:express:{machine}:{name}:{unique}",
            self.region, self.account
        )
    }

    /// `arn:aws:states:…:mapRun:machine/label:uuid`, from what stands behind `mapRun`.
    #[must_use]
    pub fn map_run(&self, name: &str) -> String {
        format!(
            "arn:aws:states:{}:{}:mapRun:{name}",
            self.region, self.account
        )
    }

    /// The ARN of an execution as its row names it: the name of an Express one has its unique part.
    #[must_use]
    pub fn recorded_execution(&self, machine: &str, recorded_name: &str) -> String {
        match recorded_name.split_once(':') {
            Some((name, unique)) => self.express_execution(machine, name, unique),
            None => self.execution(machine, recorded_name),
        }
    }

    /// `arn:aws:states:…:activity:name`
    #[must_use]
    pub fn activity(&self, name: &str) -> String {
        format!(
            "arn:aws:states:{}:{}:activity:{name}",
            self.region, self.account
        )
    }
}

/// An ARN of the `states` service, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatesArn<'a> {
    /// `us-east-1`
    pub region: &'a str,
    /// Twelve digits.
    pub account: &'a str,
    /// What it names.
    pub resource: ArnResource<'a>,
}

/// What an ARN of the `states` service names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArnResource<'a> {
    /// A state machine.
    StateMachine(&'a str),
    /// A version or alias of a state machine.
    Qualified(&'a str, &'a str),
    /// A Standard execution: its machine and name.
    Execution(&'a str, &'a str),
    /// An Express execution: its machine, name and unique part.
    ExpressExecution(&'a str, &'a str, &'a str),
    /// An activity.
    Activity(&'a str),
    /// A Map Run: its machine, label and unique part.
    MapRun(&'a str, &'a str),
}

impl<'a> StatesArn<'a> {
    /// Takes an ARN apart; `None` when the text is no ARN of the `states` service.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") || !parts.next()?.starts_with("aws") {
            return None;
        }
        if parts.next() != Some("states") {
            return None;
        }
        let region = parts.next()?;
        let account = parts.next()?;
        let (kind, rest) = parts.next()?.split_once(':')?;
        let resource = match (kind, rest.split(':').collect::<Vec<_>>().as_slice()) {
            ("stateMachine", [name]) => ArnResource::StateMachine(name),
            ("stateMachine", [name, qualifier]) => ArnResource::Qualified(name, qualifier),
            ("execution", [machine, name]) => ArnResource::Execution(machine, name),
            ("express", [machine, name, unique]) => {
                ArnResource::ExpressExecution(machine, name, unique)
            }
            ("activity", [name]) => ArnResource::Activity(name),
            ("mapRun", [machine, run]) => ArnResource::MapRun(machine, run),
            _ => return None,
        };
        Some(Self {
            region,
            account,
            resource,
        })
    }
}

/// What stands behind a state machine's name: a version is a number, an alias is none.
#[must_use]
pub fn qualifier_of(text: &str) -> Qualifier {
    match text.parse() {
        Ok(number) => Qualifier::Version(number),
        Err(_) => Qualifier::Alias(text.into()),
    }
}
