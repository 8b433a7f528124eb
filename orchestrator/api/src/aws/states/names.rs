//! Names and ARNs as callers write them: what is one, and what it names.

use runtime::arn::{ArnResource, Partition, StatesArn, qualifier_of};
use runtime::error::Error;
use store::contract::Qualifier;

use crate::aws::constraints::is_alias;
use crate::aws::states::errors::{Mistake, Refusal};

/// Checks the characters of a name; the model has checked its length.
///
/// # Errors
/// InvalidName.
pub(crate) fn check_name(name: &str) -> Result<(), Refusal> {
    if has_name_characters(name) {
        return Ok(());
    }
    Err(Mistake::Name(name.to_owned()).into())
}

/// Whether a name has only characters that names may have.
///
/// AWS, "CreateStateMachine": no white space, no brackets `< > { } [ ]`, no wildcards `? *`, none of
/// ``" # % \ ^ | ~ ` $ & , ; : /``, no control characters (U+0000-001F, U+007F-009F, U+FFFE-FFFF, U+10FFFF).
pub(crate) fn has_name_characters(name: &str) -> bool {
    name.chars().all(is_allowed)
}

fn is_allowed(character: char) -> bool {
    !character.is_whitespace()
        && !character.is_control()
        && !r##"<>{}[]?*"#%\^|~`$&,;:/"##.contains(character)
        && !matches!(character, '\u{fffe}' | '\u{ffff}' | '\u{10ffff}')
}

/// ARNs of this server's region and account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arns<'p> {
    /// The region and account.
    pub(crate) partition: &'p Partition,
}

impl Arns<'_> {
    /// The state machine's name.
    ///
    /// # Errors
    /// InvalidArn; StateMachineDoesNotExist for a version or alias, of which this version has none.
    pub(crate) fn machine<'a>(&self, arn: &'a str) -> Result<&'a str, Refusal> {
        match self.resource(arn)? {
            ArnResource::StateMachine(name) => Ok(name),
            ArnResource::Qualified(..) => {
                Err(Error::StateMachineDoesNotExist(arn.to_owned()).into())
            }
            other => Err(not_valid_here(&other)),
        }
    }

    /// A state machine's name, and which version or alias of it the ARN means, if it does.
    ///
    /// # Errors
    /// InvalidArn.
    pub(crate) fn qualified<'a>(
        &self,
        arn: &'a str,
    ) -> Result<(&'a str, Option<Qualifier>), Refusal> {
        match self.resource(arn)? {
            ArnResource::StateMachine(name) => Ok((name, None)),
            ArnResource::Qualified(name, qualifier) => Ok((name, Some(qualifier_of(qualifier)))),
            other => Err(not_valid_here(&other)),
        }
    }

    /// A state machine's name and a version's number.
    ///
    /// # Errors
    /// InvalidArn.
    pub(crate) fn version<'a>(&self, arn: &'a str) -> Result<(&'a str, u64), Refusal> {
        match self.qualified(arn)? {
            (name, Some(Qualifier::Version(number))) => Ok((name, number)),
            _ => Err(Mistake::Arn(format!("Not a state machine version ARN: {arn}")).into()),
        }
    }

    /// A state machine's name and an alias's.
    ///
    /// # Errors
    /// InvalidArn.
    pub(crate) fn alias<'a>(&self, arn: &'a str) -> Result<(&'a str, &'a str), Refusal> {
        match self.resource(arn)? {
            ArnResource::Qualified(name, alias) if is_alias(alias) => Ok((name, alias)),
            ArnResource::Qualified(..) | ArnResource::StateMachine(_) => {
                Err(Mistake::Arn(format!("Not a state machine alias ARN: {arn}")).into())
            }
            other => Err(not_valid_here(&other)),
        }
    }

    /// The names of a Standard execution and of its machine, machine first.
    ///
    /// # Errors
    /// InvalidArn, for Express executions too: nothing is kept of them.
    pub(crate) fn execution<'a>(&self, arn: &'a str) -> Result<(&'a str, &'a str), Refusal> {
        match self.resource(arn)? {
            ArnResource::Execution(machine, name) => Ok((machine, name)),
            other => Err(not_valid_here(&other)),
        }
    }

    /// The same, for children of Map Runs too, of whatever type: these are kept.
    ///
    /// # Errors
    /// InvalidArn.
    pub(crate) fn described<'a>(&self, arn: &'a str) -> Result<(&'a str, &'a str), Refusal> {
        match self.resource(arn)? {
            ArnResource::ExpressExecution(machine, ..) if machine.contains('/') => {
                let name = arn.splitn(8, ':').nth(7).unwrap_or_default();
                Ok((machine, name))
            }
            _ => self.execution(arn),
        }
    }

    /// What stands behind `mapRun` in a Map Run's ARN: its machine, label and unique part.
    ///
    /// # Errors
    /// InvalidArn.
    pub(crate) fn map_run<'a>(&self, arn: &'a str) -> Result<&'a str, Refusal> {
        match self.resource(arn)? {
            ArnResource::MapRun(..) => Ok(arn.splitn(7, ':').nth(6).unwrap_or_default()),
            other => Err(not_valid_here(&other)),
        }
    }

    /// The activity's name.
    ///
    /// # Errors
    /// InvalidArn.
    pub(crate) fn activity<'a>(&self, arn: &'a str) -> Result<&'a str, Refusal> {
        match self.resource(arn)? {
            ArnResource::Activity(name) => Ok(name),
            other => Err(not_valid_here(&other)),
        }
    }

    /// Checks that the ARN is that of something that can have tags.
    ///
    /// # Errors
    /// InvalidArn.
    pub(crate) fn taggable(&self, arn: &str) -> Result<(), Refusal> {
        match self.resource(arn)? {
            ArnResource::StateMachine(_) | ArnResource::Activity(_) => Ok(()),
            other => Err(not_valid_here(&other)),
        }
    }

    /// The ARN of a machine that an error names by name or ARN.
    pub(crate) fn of_machine(&self, machine: &str) -> String {
        composed(machine, |name| self.partition.state_machine(name))
    }

    /// The ARN of an activity that an error names by name or ARN.
    pub(crate) fn of_activity(&self, activity: &str) -> String {
        composed(activity, |name| self.partition.activity(name))
    }

    /// The ARN of an execution that an error names by `machine:name` or ARN.
    pub(crate) fn of_execution(&self, execution: &str) -> String {
        composed(execution, |pair| match pair.split_once(':') {
            Some((machine, name)) => self.partition.execution(machine, name),
            None => pair.to_owned(),
        })
    }

    fn resource<'a>(&self, text: &'a str) -> Result<ArnResource<'a>, Refusal> {
        if !text.starts_with("arn:") {
            return Err(Mistake::Arn(format!("Invalid ARN prefix: {text}")).into());
        }
        let Some(arn) = StatesArn::parse(text) else {
            return Err(Mistake::Arn(format!("Invalid ARN: {text}")).into());
        };
        if arn.region != &*self.partition.region || arn.account != &*self.partition.account {
            return Err(Mistake::Arn(format!(
                "The ARN is of another region or account than {}:{}: {text}",
                self.partition.region, self.partition.account
            ))
            .into());
        }
        Ok(arn.resource)
    }
}

fn composed(text: &str, compose: impl FnOnce(&str) -> String) -> String {
    if text.starts_with("arn:") {
        return text.to_owned();
    }
    compose(text)
}

fn not_valid_here(resource: &ArnResource<'_>) -> Refusal {
    let kind = match resource {
        ArnResource::StateMachine(_) | ArnResource::Qualified(..) => "stateMachine",
        ArnResource::Execution(..) => "execution",
        ArnResource::ExpressExecution(..) => "express",
        ArnResource::Activity(_) => "activity",
        ArnResource::MapRun(..) => "mapRun",
    };
    Mistake::Arn(format!("Resource type not valid in this context: {kind}")).into()
}

#[cfg(test)]
mod tests;
