//! Notes every panic, also those that somebody catches.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Mutex, Once, PoisonError};

static NOTED: Mutex<Vec<String>> = Mutex::new(Vec::new());
static HOOK: Once = Once::new();

/// Runs something; every panic meanwhile, wherever it ends, is an error: the place and the message of the first.
///
/// # Errors
/// The panic.
pub fn watched(run: impl FnOnce()) -> Result<(), String> {
    HOOK.call_once(|| panic::set_hook(Box::new(note)));
    let ended = panic::catch_unwind(AssertUnwindSafe(run));
    let mut noted = NOTED.lock().unwrap_or_else(PoisonError::into_inner);
    let first = noted.drain(..).next();
    match (ended, first) {
        (Ok(()), None) => Ok(()),
        (_, Some(panic)) => Err(panic),
        (Err(_), None) => Err("a panic without a place".to_owned()),
    }
}

fn note(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(String::new, |place| {
        format!("{}:{}: ", place.file(), place.line())
    });
    let message = panic.payload_as_str().unwrap_or("it says nothing");
    let mut noted = NOTED.lock().unwrap_or_else(PoisonError::into_inner);
    noted.push(format!("{place}{message}"));
}
