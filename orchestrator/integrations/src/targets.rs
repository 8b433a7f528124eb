//! Decides where outgoing requests may go, by host name and by the address that the name leads to.

use std::net::{IpAddr, Ipv6Addr};

use crate::settings::{Error, HttpSettings};

/// The rules of one client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Targets {
    allow: Vec<Pattern>,
    deny: Vec<Pattern>,
}

#[derive(Clone, Debug, PartialEq)]
enum Pattern {
    Host(String),
    Below(String),
    Network(IpAddr, u8),
}

impl Targets {
    /// Everything is allowed: for targets that the operator configured himself.
    pub(crate) fn anywhere() -> Self {
        Self::default()
    }

    /// The rules of the settings.
    ///
    /// # Errors
    /// When an entry is neither a host name nor a network.
    pub(crate) fn new(settings: &HttpSettings) -> Result<Self, Error> {
        Ok(Self {
            allow: patterns(&settings.allow)?,
            deny: patterns(&settings.deny)?,
        })
    }

    /// Whether this address, which the host name leads to, may be connected to.
    pub(crate) fn permits(&self, host: &str, address: IpAddr) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address = canonical(address);
        let matches = |pattern: &Pattern| pattern.matches(&host, address);
        !self.deny.iter().any(matches) && (self.allow.is_empty() || self.allow.iter().any(matches))
    }
}

impl Pattern {
    fn matches(&self, host: &str, address: IpAddr) -> bool {
        match self {
            Self::Host(name) => host == name,
            Self::Below(suffix) => host.ends_with(suffix.as_str()),
            Self::Network(network, length) => contains(*network, *length, address),
        }
    }
}

fn patterns(texts: &[String]) -> Result<Vec<Pattern>, Error> {
    texts.iter().map(|text| pattern(text)).collect()
}

fn pattern(text: &str) -> Result<Pattern, Error> {
    let wrong = |reason: &str| Error::Target {
        target: text.to_owned(),
        reason: reason.to_owned(),
    };
    if let Some((network, length)) = text.split_once('/') {
        let network: IpAddr = network
            .parse()
            .map_err(|_| wrong("the part before the slash is no address"))?;
        let most = if network.is_ipv4() { 32 } else { 128 };
        let length: u8 = length
            .parse()
            .ok()
            .filter(|length| *length <= most)
            .ok_or_else(|| wrong("the part after the slash is no prefix length"))?;
        return Ok(Pattern::Network(network, length));
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        let length = if address.is_ipv4() { 32 } else { 128 };
        return Ok(Pattern::Network(address, length));
    }
    let (below, name) = match text.strip_prefix('*') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let well_formed = !name.is_empty()
        && (!below || name.starts_with('.'))
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    if !well_formed {
        return Err(wrong("expected a host name, *.name, address or network"));
    }
    let name = name.to_ascii_lowercase();
    Ok(if below {
        Pattern::Below(name)
    } else {
        Pattern::Host(name)
    })
}

/// An IPv4 address that hides in an IPv6 one comes out, so that no rule can be walked around.
fn canonical(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let segments = v6.segments();
    // 64:ff9b::/96 is what NAT64 gateways map IPv4 into (RFC 6052).
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let embedded = Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, segments[6], segments[7]);
        return embedded.to_canonical();
    }
    v6.to_canonical()
}

fn contains(network: IpAddr, length: u8, address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let differing = network.to_bits() ^ address.to_bits();
            length == 0 || differing >> (32 - length) == 0
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            let differing = network.to_bits() ^ address.to_bits();
            length == 0 || differing >> (128 - length) == 0
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Targets;
    use crate::settings::HttpSettings;

    fn targets(allow: &[&str], deny: &[&str]) -> Targets {
        let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        Targets::new(&HttpSettings {
            allow: texts(allow),
            deny: texts(deny),
            ..HttpSettings::default()
        })
        .unwrap()
    }

    #[test]
    fn the_metadata_service_is_denied_in_every_spelling() {
        let targets = Targets::new(&HttpSettings::default()).unwrap();
        for (host, address, expected) in [
            ("metadata.internal", "169.254.169.254", false),
            ("[::ffff:169.254.169.254]", "::ffff:169.254.169.254", false),
            ("x", "64:ff9b::a9fe:a9fe", false),
            ("x", "fe80::1", false),
            ("x", "fd00:ec2::254", false),
            ("localhost", "127.0.0.1", true),
            ("example.com", "93.184.215.14", true),
        ] {
            assert_eq!(
                targets.permits(host, address.parse().unwrap()),
                expected,
                "{address}"
            );
        }
    }

    #[test]
    fn names_and_networks() {
        let listed = targets(
            &["api.example.com", "*.example.org", "10.0.0.0/8"],
            &["10.1.0.0/16"],
        );
        for (host, address, expected) in [
            ("API.example.com.", "1.2.3.4", true),
            ("x.example.org", "1.2.3.4", true),
            ("example.org", "1.2.3.4", false),
            ("badexample.org", "1.2.3.4", false),
            ("anything", "10.2.0.1", true),
            ("anything", "10.1.0.1", false),
            ("api.example.com", "10.1.0.1", false),
        ] {
            assert_eq!(
                listed.permits(host, address.parse().unwrap()),
                expected,
                "{host} {address}"
            );
        }
    }

    #[test]
    fn wrong_entries_are_refused() {
        for text in ["", "*", "a b", "10.0.0.0/33", "x/8", "http://a", "*a.com"] {
            let settings = HttpSettings {
                allow: vec![text.to_owned()],
                ..HttpSettings::default()
            };
            assert!(Targets::new(&settings).is_err(), "{text}");
        }
    }
}
