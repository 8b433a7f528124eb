//! The configuration in force as a TOML file that could be read again, with where each value came from.

use std::fmt::Write;

use crate::config::layers::{Assigned, InForce};
use crate::config::settings::{Nature, SETTINGS, Setting};

/// The text of `ratchet config`.
pub(crate) fn print(in_force: &InForce) -> String {
    let mut text = String::new();
    let mut table = "";
    let (tables, plain): (Vec<_>, Vec<_>) = SETTINGS
        .iter()
        .partition(|setting| setting.nature == Nature::Table);
    for setting in plain.into_iter().chain(tables) {
        let Some(assigned) = in_force.values.get(setting.key) else {
            continue;
        };
        if setting.nature == Nature::Table {
            print_table(&mut text, setting, assigned);
            continue;
        }
        let (inside, key) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if inside != table {
            table = inside;
            write!(text, "\n[{table}]\n").expect("a string takes any text");
        }
        let value = (setting.show)(&assigned.value);
        let line = format!("{key} = {value}");
        writeln!(text, "{line:<39} # {}: {}", assigned.origin, setting.about)
            .expect("a string takes any text");
    }
    text
}

fn print_table(text: &mut String, setting: &Setting, assigned: &Assigned) {
    let mut root = toml::Table::new();
    let mut value = (setting.show)(&assigned.value);
    let mut names = setting.key.rsplit('.');
    let last = names.next().unwrap_or_default();
    root.insert(last.to_owned(), value);
    for name in names {
        value = toml::Value::Table(std::mem::take(&mut root));
        root.insert(name.to_owned(), value);
    }
    let body = toml::to_string(&root).expect("a table that was read can be written");
    write!(text, "\n# {}: {}\n{body}", assigned.origin, setting.about)
        .expect("a string takes any text");
}
