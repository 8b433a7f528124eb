//! How numbers and closed enums stand in columns.

use store::contract::Error;
use store::map_runs::MapRunStatus;
use store::records::{ExecutionStatus, MachineType, RedriveToken};

/// A number as SQLite holds it. One that is too great is of nothing that was ever stored, and stays so.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A stored number.
pub(crate) fn number(integer: i64) -> u64 {
    u64::try_from(integer).unwrap_or_default()
}

/// `executions.status`; the indexes depend on it.
pub(crate) fn status_code(status: ExecutionStatus) -> i64 {
    match status {
        ExecutionStatus::Running => 0,
        ExecutionStatus::Succeeded => 1,
        ExecutionStatus::Failed => 2,
        ExecutionStatus::TimedOut => 3,
        ExecutionStatus::Aborted => 4,
    }
}

/// The status with that code.
pub(crate) fn status(code: i64) -> Result<ExecutionStatus, Error> {
    match code {
        0 => Ok(ExecutionStatus::Running),
        1 => Ok(ExecutionStatus::Succeeded),
        2 => Ok(ExecutionStatus::Failed),
        3 => Ok(ExecutionStatus::TimedOut),
        4 => Ok(ExecutionStatus::Aborted),
        _ => Err(unknown("an execution's status", code)),
    }
}

/// `map_runs.status`; an index depends on it.
pub(crate) fn map_run_status_code(status: MapRunStatus) -> i64 {
    match status {
        MapRunStatus::Running => 0,
        MapRunStatus::Succeeded => 1,
        MapRunStatus::Failed => 2,
        MapRunStatus::Aborted => 3,
    }
}

/// The status with that code.
pub(crate) fn map_run_status(code: i64) -> Result<MapRunStatus, Error> {
    match code {
        0 => Ok(MapRunStatus::Running),
        1 => Ok(MapRunStatus::Succeeded),
        2 => Ok(MapRunStatus::Failed),
        3 => Ok(MapRunStatus::Aborted),
        _ => Err(unknown("a Map Run's status", code)),
    }
}

/// `state_machines.machine_type`
pub(crate) fn machine_type_code(machine_type: MachineType) -> i64 {
    match machine_type {
        MachineType::Standard => 0,
        MachineType::Express => 1,
    }
}

/// The type with that code.
pub(crate) fn machine_type(code: i64) -> Result<MachineType, Error> {
    match code {
        0 => Ok(MachineType::Standard),
        1 => Ok(MachineType::Express),
        _ => Err(unknown("a state machine's type", code)),
    }
}

/// `executions.redrive_tokens`: a line for each, its time and the token.
pub(crate) fn redrive_tokens_text(tokens: &[RedriveToken]) -> String {
    let lines = tokens.iter().map(|one| format!("{} {}", one.at, one.token));
    lines.collect::<Vec<_>>().join("\n")
}

/// The tokens of such a text.
pub(crate) fn redrive_tokens(text: &str) -> Vec<RedriveToken> {
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    lines
        .filter_map(|(at, token)| {
            let at = at.parse().ok()?;
            let token = token.into();
            Some(RedriveToken { token, at })
        })
        .collect()
}

fn unknown(what: &str, code: i64) -> Error {
    Error::Damaged {
        what: what.to_owned(),
        why: format!("there is no code {code}"),
    }
}
