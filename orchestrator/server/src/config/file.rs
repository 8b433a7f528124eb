//! Reads a configuration file into a layer; nothing in it is passed over in silence.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::layers::{Assigned, Error, Layer, Origin};
use crate::config::settings::{Nature, SETTINGS, Setting, find};

/// Reads a file.
///
/// # Errors
/// When it can't be read, is no TOML, sets what there is not, or sets a wrong value.
pub(crate) fn read(path: &Path) -> Result<Layer, Error> {
    let text = std::fs::read_to_string(path).map_err(|why| Error::Unreadable {
        path: path.to_owned(),
        why,
    })?;
    let table = DeTable::parse(&text).map_err(|error| Error::NoToml {
        path: path.to_owned(),
        why: error.to_string().trim_end().to_owned(),
    })?;
    let reader = Reader { path, text: &text };
    let mut layer = Layer::new();
    reader.read_table(table.get_ref(), "", &mut layer)?;
    Ok(layer)
}

/// A file that is being read.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    fn read_table(
        &self,
        table: &DeTable<'_>,
        prefix: &str,
        layer: &mut Layer,
    ) -> Result<(), Error> {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            let is_table = SETTINGS.iter().any(|setting| {
                setting
                    .key
                    .strip_prefix(&key)
                    .is_some_and(|rest| rest.starts_with('.'))
            });
            match (find(&key), value.get_ref()) {
                (Some(setting), _) => {
                    let line = self.line(name.span().start);
                    layer.insert(setting.key, self.read_value(setting, value, line)?);
                }
                (None, DeValue::Table(inner)) if is_table => {
                    self.read_table(inner, &format!("{key}."), layer)?;
                }
                (None, _) if is_table => {
                    return Err(Error::NoTable {
                        path: self.path.to_owned(),
                        line: self.line(name.span().start),
                        key,
                    });
                }
                (None, _) => {
                    return Err(Error::UnknownKey {
                        path: self.path.to_owned(),
                        line: self.line(name.span().start),
                        key,
                        known: known_keys(prefix),
                    });
                }
            }
        }
        Ok(())
    }

    fn read_value(
        &self,
        setting: &'static Setting,
        value: &Spanned<DeValue<'_>>,
        line: usize,
    ) -> Result<Assigned, Error> {
        let origin = |line| Origin::File {
            path: self.path.to_owned(),
            line,
        };
        let mut value = (setting.read)(value.clone()).map_err(|error| Error::WrongValue {
            place: origin(error.span().map_or(line, |span| self.line(span.start))),
            key: setting.key,
            why: error.message().to_owned(),
        })?;
        match (setting.nature, setting.key) {
            (Nature::Path, _) => self.rebase(&mut value),
            (Nature::Table, "functions") => self.rebase_functions(&mut value),
            (Nature::Table, "http") => self.rebase_authorities(&mut value),
            (Nature::Table, "replication") => self.rebase_spill_directory(&mut value),
            (Nature::Table, "batch.secrets") => self.rebase_secrets(&mut value),
            (Nature::Plain | Nature::Table, _) => {}
        }
        Ok(Assigned {
            value,
            origin: origin(line),
        })
    }

    /// Makes a path that is relative to the file one that is relative to the working directory.
    fn rebase(&self, value: &mut toml::Value) {
        if let toml::Value::String(path) = value {
            let directory = self.path.parent().unwrap_or(Path::new(""));
            *path = directory.join(&path).to_string_lossy().into_owned();
        }
    }

    /// Functions run beside the file, or where they say relative to it.
    fn rebase_functions(&self, functions: &mut toml::Value) {
        let functions = functions.as_table_mut().into_iter().flatten();
        for (_, function) in functions {
            let Some(function) = function.as_table_mut() else {
                continue;
            };
            if function.contains_key("url") {
                continue;
            }
            let directory = function
                .entry("working_directory")
                .or_insert_with(|| toml::Value::String(String::new()));
            self.rebase(directory);
            if directory.as_str() == Some("") {
                *directory = toml::Value::String(".".to_owned());
            }
        }
    }

    fn rebase_authorities(&self, http: &mut toml::Value) {
        let files = http
            .get_mut("certificate_authorities")
            .and_then(toml::Value::as_array_mut);
        for file in files.into_iter().flatten() {
            self.rebase(file);
        }
    }

    fn rebase_spill_directory(&self, replication: &mut toml::Value) {
        if let Some(directory) = replication.get_mut("spill_directory") {
            self.rebase(directory);
        }
    }

    fn rebase_secrets(&self, secrets: &mut toml::Value) {
        let secrets = secrets.as_table_mut().into_iter().flatten();
        for file in secrets.filter_map(|(_, secret)| secret.get_mut("file")) {
            self.rebase(file);
        }
    }

    /// The line of a byte, from 1.
    fn line(&self, offset: usize) -> usize {
        let before = &self.text.as_bytes()[..offset.min(self.text.len())];
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }
}

/// The keys that can stand in a table, for people.
fn known_keys(prefix: &str) -> String {
    let mut keys: Vec<&str> = SETTINGS
        .iter()
        .filter_map(|setting| setting.key.strip_prefix(prefix))
        .map(|rest| rest.split('.').next().unwrap_or(rest))
        .collect();
    keys.dedup();
    keys.join(", ")
}
