//! Passwords that stand in no URL: PostgreSQL's password file, and one password for all.
//!
//! Source: PostgreSQL's documentation, "libpq", section "The Password File".

use std::fmt;

/// Where passwords are found that a URL leaves out.
#[derive(Clone, Default)]
pub struct Passwords {
    /// `PGPASSWORD`: for every connection.
    everywhere: Option<String>,
    entries: Vec<Entry>,
}

/// A line of the file; a part is any where it was `*`.
#[derive(Clone)]
struct Entry {
    host: Option<String>,
    port: Option<String>,
    database: Option<String>,
    user: Option<String>,
    password: String,
}

impl Passwords {
    /// The password of `PGPASSWORD`, and the text of a password file. Lines that are no entries are left out, as libpq does.
    #[must_use]
    pub fn new(everywhere: Option<String>, file: Option<&str>) -> Self {
        Self {
            everywhere,
            entries: file
                .into_iter()
                .flat_map(str::lines)
                .filter(|line| !line.starts_with('#'))
                .filter_map(Entry::read)
                .collect(),
        }
    }

    /// Gives a connection its password, if it has none.
    pub fn fill(&self, settings: &mut wire::Settings) {
        if settings.password.is_none() {
            settings.password = self.everywhere.clone().or_else(|| self.find(settings));
        }
    }

    /// The first entry that fits one of the hosts.
    fn find(&self, settings: &wire::Settings) -> Option<String> {
        settings.hosts.iter().find_map(|(host, port)| {
            let port = port.to_string();
            let fits = |entry: &&Entry| {
                let is = |part: &Option<String>, value: &str| {
                    part.as_ref().is_none_or(|part| part == value)
                };
                // A unix socket's directory is found under localhost, too.
                let host_fits =
                    is(&entry.host, host) || host.starts_with('/') && is(&entry.host, "localhost");
                host_fits
                    && is(&entry.port, &port)
                    && is(&entry.database, &settings.database)
                    && is(&entry.user, &settings.user)
            };
            let entry = self.entries.iter().find(fits)?;
            Some(entry.password.clone())
        })
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Passwords(***)")
    }
}

impl Entry {
    fn read(line: &str) -> Option<Self> {
        let mut parts = vec![String::new()];
        let mut characters = line.chars();
        while let Some(character) = characters.next() {
            let part = parts.last_mut().expect("there is always one");
            match character {
                '\\' => part.extend(characters.next()),
                // The password may have colons of its own only behind a backslash, like every part.
                ':' => parts.push(String::new()),
                other => part.push(other),
            }
        }
        let mut parts = parts.into_iter();
        let mut any = || {
            let part = parts.next()?;
            Some((part != "*").then_some(part))
        };
        let (host, port, database, user) = (any()?, any()?, any()?, any()?);
        Some(Self {
            host,
            port,
            database,
            user,
            password: parts.next()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Passwords;

    #[test]
    fn the_first_entry_that_fits_counts() {
        let file = "\
# a comment
no entry
db.example.com:5432:shop:ann:first
db.example.com:*:*:ann:se\\:co\\\\nd
localhost:*:*:*:local
*:*:*:bob:last:and more
";
        let check = |url: &str, expected: Option<&str>| {
            let mut settings = wire::Settings::parse(url).unwrap();
            Passwords::new(None, Some(file)).fill(&mut settings);
            assert_eq!(settings.password.as_deref(), expected, "{url}");
        };
        check("postgresql://ann@db.example.com/shop", Some("first"));
        check(
            "postgresql://ann@db.example.com:5433/shop",
            Some("se:co\\nd"),
        );
        check("postgresql://ann@other/shop", None);
        check("postgresql://ann@other,db.example.com/shop", Some("first"));
        check("postgresql://ann@/shop?host=/run/postgresql", Some("local"));
        check("postgresql://bob@other/shop", Some("last"));
        check("postgresql://bob:own@other/shop", Some("own"));
    }

    #[test]
    fn one_password_for_all_comes_first() {
        let mut settings = wire::Settings::parse("postgresql://ann@a/b").unwrap();
        Passwords::new(Some("all".to_owned()), Some("*:*:*:*:file")).fill(&mut settings);
        assert_eq!(settings.password.as_deref(), Some("all"));
    }
}
