//! Access keys: what they are, and how the files of the AWS tools keep them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// An access key for signatures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// `AKIA…`
    pub access_key_id: String,
    /// The key's secret.
    pub secret_access_key: Secret,
    /// The session's token, for temporary credentials.
    #[serde(default)]
    pub session_token: Option<Secret>,
}

/// A text that is not shown: neither in logs nor where the configuration is printed.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl Credentials {
    /// What requests to an endpoint that checks no signature are signed with.
    #[must_use]
    pub fn nobody() -> Self {
        Self {
            access_key_id: "test".to_owned(),
            secret_access_key: Secret("test".to_owned()),
            session_token: None,
        }
    }

    /// The key of a profile in the files `credentials` and `config` of the AWS tools. The first file wins; in the second, profiles but the
    /// default one are called `profile NAME`.
    #[must_use]
    pub fn of_profile(name: &str, credentials: &str, config: &str) -> Option<Self> {
        let in_config = match name {
            "default" => vec!["default".to_owned(), "profile default".to_owned()],
            name => vec![format!("profile {name}")],
        };
        let sections = [(credentials, vec![name.to_owned()]), (config, in_config)];
        sections.iter().find_map(|(text, names)| {
            let files = profiles(text);
            names.iter().find_map(|name| {
                let profile = files.get(name)?;
                Some(Self {
                    access_key_id: profile.get("aws_access_key_id")?.clone(),
                    secret_access_key: Secret(profile.get("aws_secret_access_key")?.clone()),
                    session_token: profile.get("aws_session_token").cloned().map(Secret),
                })
            })
        })
    }
}

/// The sections of such a file. Lines that it can't be made sense of are left out, as the AWS tools do.
fn profiles(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut sections: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut current = None;
    for line in text.lines() {
        // What is indented belongs to the key before it.
        if line.starts_with([' ', '\t']) || line.starts_with(['#', ';']) {
            continue;
        }
        let line = line.trim();
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
            .map(|(name, _)| name)
        {
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            sections.entry(name.clone()).or_default();
            current = Some(name);
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        if let Some(section) = current.as_ref().and_then(|name| sections.get_mut(name)) {
            section.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::Credentials;

    const CREDENTIALS: &str = "# keys\n[default]\naws_access_key_id = AKIA1\naws_secret_access_key=one\n\n[ops]\naws_access_key_id=AKIA2\n\
                               aws_secret_access_key = t=wo\naws_session_token = tok\n[half]\naws_access_key_id=AKIA3\n";
    const CONFIG: &str = "[profile dev]\nregion = eu-west-1\naws_access_key_id=AKIA4\naws_secret_access_key=four\ns3 =\n  aws_access_key_id = no\n";

    #[test]
    fn profiles_are_found_in_both_files() {
        let check = |name: &str, expected: &str| {
            let found = Credentials::of_profile(name, CREDENTIALS, CONFIG);
            let shown = found.map_or("none".to_owned(), |found| {
                let token = found.session_token.map(|token| token.0);
                format!(
                    "{} {} {token:?}",
                    found.access_key_id, found.secret_access_key.0
                )
            });
            assert_eq!(shown, expected, "{name}");
        };
        check("default", "AKIA1 one None");
        check("ops", "AKIA2 t=wo Some(\"tok\")");
        check("dev", "AKIA4 four None");
        check("half", "none");
        check("nobody", "none");
    }
}
