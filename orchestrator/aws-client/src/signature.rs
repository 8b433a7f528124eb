//! Signs requests with AWS Signature Version 4.
//!
//! The rules: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::credentials::Credentials;

type Keyed = Hmac<Sha256>;

/// Signs requests to one service in one region. The signing key is derived once a day.
pub struct Signer {
    access_key_id: String,
    secret: String,
    session_token: Option<String>,
    region: String,
    service: String,
    derived: Mutex<Option<(String, Keyed)>>,
}

/// What of a request is signed.
pub struct Unsigned<'a> {
    /// `POST`
    pub method: &'a str,
    /// The path as it is sent, percent-encoded.
    pub path: &'a str,
    /// The query as it is sent: percent-encoded and sorted.
    pub query: &'a str,
    /// The `Host` header.
    pub host: &'a str,
    /// The `x-amz-…` headers, names in lower case and sorted; without `x-amz-date` and `x-amz-security-token`.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

/// What a request must carry to be accepted.
#[derive(Debug, PartialEq)]
pub struct Signature {
    /// `x-amz-date`
    pub date: String,
    /// `authorization`
    pub authorization: String,
}

impl Signer {
    /// Signs with these credentials, for requests to one service in one region.
    #[must_use]
    pub fn new(credentials: &Credentials, region: &str, service: &str) -> Self {
        Self {
            access_key_id: credentials.access_key_id.clone(),
            secret: credentials.secret_access_key.0.clone(),
            session_token: credentials
                .session_token
                .as_ref()
                .map(|token| token.0.clone()),
            region: region.to_owned(),
            service: service.to_owned(),
            derived: Mutex::new(None),
        }
    }

    /// `x-amz-security-token`, for temporary credentials.
    #[must_use]
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// Signs a request as of `now`.
    #[must_use]
    pub fn sign(&self, request: &Unsigned<'_>, now: Timestamp) -> Signature {
        let date = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let day = &date[..8];
        let mut headers: Vec<(&str, &str)> = Vec::with_capacity(request.headers.len() + 3);
        headers.push(("host", request.host));
        headers.extend_from_slice(request.headers);
        headers.push(("x-amz-date", &date));
        if let Some(token) = self.session_token() {
            headers.push(("x-amz-security-token", token));
        }
        headers.sort_unstable_by_key(|(name, _)| *name);

        let mut canonical = String::with_capacity(512);
        canonical.push_str(request.method);
        canonical.push('\n');
        // Every service but S3 encodes the path's segments once more.
        if self.service.starts_with("s3") {
            canonical.push_str(request.path);
        } else {
            encode_into(&mut canonical, request.path, Slash::Keep);
        }
        canonical.push('\n');
        canonical.push_str(request.query);
        canonical.push('\n');
        let mut signed_names = String::with_capacity(64);
        for (name, value) in &headers {
            canonical.push_str(name);
            canonical.push(':');
            push_words(&mut canonical, value);
            canonical.push('\n');
            if !signed_names.is_empty() {
                signed_names.push(';');
            }
            signed_names.push_str(name);
        }
        canonical.push('\n');
        canonical.push_str(&signed_names);
        canonical.push('\n');
        push_hex(&mut canonical, &Sha256::digest(request.body));

        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let mut to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n");
        push_hex(&mut to_sign, &Sha256::digest(canonical.as_bytes()));

        let mut keyed = self.keyed(day);
        keyed.update(to_sign.as_bytes());
        let mut authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed_names}, Signature=",
            self.access_key_id
        );
        push_hex(&mut authorization, &keyed.finalize().into_bytes());
        Signature {
            date,
            authorization,
        }
    }

    fn keyed(&self, day: &str) -> Keyed {
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of_day, keyed)) = &*derived
            && of_day == day
        {
            return keyed.clone();
        }
        let mut key = keyed_by(format!("AWS4{}", self.secret).as_bytes());
        for part in [day, &self.region, &self.service, "aws4_request"] {
            key.update(part.as_bytes());
            key = keyed_by(&key.finalize().into_bytes());
        }
        *derived = Some((day.to_owned(), key.clone()));
        key
    }
}

fn keyed_by(key: &[u8]) -> Keyed {
    Keyed::new_from_slice(key).expect("HMAC takes keys of every length")
}

/// Whether a slash is a separator or a character like any other.
#[derive(Clone, Copy, PartialEq)]
pub enum Slash {
    /// It separates.
    Keep,
    /// It does not.
    Encode,
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
pub fn encode_into(target: &mut String, text: &str, slash: Slash) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                target.push(byte as char);
            }
            b'/' if slash == Slash::Keep => target.push('/'),
            _ => {
                write!(target, "%{byte:02X}").expect("writing to a string never fails");
            }
        }
    }
}

/// A header's value with single blanks.
fn push_words(target: &mut String, value: &str) {
    for (number, word) in value.split_ascii_whitespace().enumerate() {
        if number > 0 {
            target.push(' ');
        }
        target.push_str(word);
    }
}

/// The SHA-256 of some bytes, in hexadecimal digits.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    push_hex(&mut text, &Sha256::digest(bytes));
    text
}

fn push_hex(target: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        target.push(DIGITS[usize::from(byte >> 4)] as char);
        target.push(DIGITS[usize::from(byte & 15)] as char);
    }
}

#[cfg(test)]
mod tests {
    use super::{Signer, Unsigned};
    use crate::credentials::{Credentials, Secret};

    /// The expected signatures are botocore's own (`botocore.auth.SigV4Auth`).
    fn check(token: Option<&str>, unsigned: &Unsigned<'_>, signed_headers: &str, signature: &str) {
        let credentials = Credentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
            session_token: token.map(|token| Secret(token.to_owned())),
        };
        let signer = Signer::new(&credentials, "eu-central-1", "lambda");
        let now = "2026-11-22T20:14:26.9Z".parse().unwrap();
        for _first_and_cached_key in 0..2 {
            let actual = signer.sign(unsigned, now);
            assert_eq!(actual.date, "20261122T201426Z");
            assert_eq!(
                actual.authorization,
                format!(
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/eu-central-1/lambda/aws4_request, \
                     SignedHeaders={signed_headers}, Signature={signature}"
                )
            );
        }
    }

    #[test]
    fn signatures_are_those_of_botocore() {
        let plain = Unsigned {
            method: "POST",
            path: "/2015-03-31/functions/echo/invocations",
            query: "",
            host: "127.0.0.1:4599",
            headers: &[],
            body: b"{}",
        };
        check(
            None,
            &plain,
            "host;x-amz-date",
            "aa324f0eda13e0e738ca000785a769b646b1f98ec066c98364f7c7167c0cc9b5",
        );
        check(
            None,
            &Unsigned {
                path: "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Aecho/invocations",
                query: "Qualifier=live",
                headers: &[("x-amz-client-context", "e30="), ("x-amz-log-type", "Tail")],
                body: "é".as_bytes(),
                ..plain
            },
            "host;x-amz-client-context;x-amz-date;x-amz-log-type",
            "2bc108b4ce2ca1e8b100f825517af49500ce4514386736af1b86a316d897badf",
        );
        check(
            Some("token/with+signs=="),
            &Unsigned {
                path: "/x/2015-03-31/functions/echo/invocations",
                body: b"",
                ..plain
            },
            "host;x-amz-date;x-amz-security-token",
            "aa76a314cc30c44b563151b246be8dfdbbceacbc544f6978a141d1defa884565",
        );
    }
}
