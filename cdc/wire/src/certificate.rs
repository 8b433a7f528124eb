//! The little that must be read in an X.509 certificate itself: the hash of its signature (for channel binding), and its common name.
//!
//! Source: RFC 5280, section 4.1, and RFC 5929, section 4 (`tls-server-end-point`).

use sha2::{Digest, Sha256, Sha384, Sha512};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const CONTEXT_0: u8 = 0xa0;
const CONTEXT_3: u8 = 0xa3;

/// `commonName`, 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// `subjectAltName`, 2.5.29.17.
const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// `rsassaPss`, 1.2.840.113549.1.1.10: its hash stands in its parameters.
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];

/// Which hash.
#[derive(Clone, Copy)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// The hashes by the signature algorithms that use them (for RSA-PSS: the hash's own identifier). MD5 and SHA-1 count as SHA-256.
const HASHES: &[(&[u8], Hash)] = &[
    // md5WithRSAEncryption, sha1WithRSAEncryption, sha256/384/512WithRSAEncryption.
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04],
        Hash::Sha256,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05],
        Hash::Sha256,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b],
        Hash::Sha256,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c],
        Hash::Sha384,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d],
        Hash::Sha512,
    ),
    // ecdsa-with-SHA1, ecdsa-with-SHA256/384/512.
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01], Hash::Sha256),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
        Hash::Sha256,
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03],
        Hash::Sha384,
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04],
        Hash::Sha512,
    ),
    // sha1, sha256, sha384, sha512.
    (&[0x2b, 0x0e, 0x03, 0x02, 0x1a], Hash::Sha256),
    (
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01],
        Hash::Sha256,
    ),
    (
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02],
        Hash::Sha384,
    ),
    (
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
        Hash::Sha512,
    ),
];

/// What binds a SCRAM exchange to the server's certificate: its hash, by the hash of its signature. None when that has no hash (Ed25519).
pub(crate) fn server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    Some(match signature_hash(certificate)? {
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    })
}

/// The server's public key (`SubjectPublicKeyInfo`, with its tag).
pub(crate) fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let (_, _, rest) = element(subject(certificate)?)?;
    let (_, _, after) = element(rest)?;
    Some(&rest[..rest.len() - after.len()])
}

/// The common name of the certificate's subject, if it has no alternative names at all: only then a host is compared with it.
pub(crate) fn only_common_name(certificate: &[u8]) -> Option<String> {
    let (_, subject, mut rest) = element(subject(certificate)?)?;
    while let Some((tag, content, after)) = element(rest) {
        if tag == CONTEXT_3 && has_alternative_names(content)? {
            return None;
        }
        rest = after;
    }
    common_name(subject)
}

/// The certificate from its subject on.
fn subject(certificate: &[u8]) -> Option<&[u8]> {
    let (_, certificate, _) = element(certificate)?;
    let (_, mut rest, _) = element(certificate)?;
    // version [0], serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, …, extensions [3].
    if rest.first() == Some(&CONTEXT_0) {
        rest = element(rest)?.2;
    }
    for _ in 0..4 {
        rest = element(rest)?.2;
    }
    Some(rest)
}

fn signature_hash(certificate: &[u8]) -> Option<Hash> {
    let (_, certificate, _) = element(certificate)?;
    let (_, _, rest) = element(certificate)?;
    let (_, algorithm, _) = element(rest)?;
    let (_, identifier, parameters) = element(algorithm)?;
    if identifier == RSA_PSS {
        let (_, parameters, _) = element(parameters)?;
        let Some((CONTEXT_0, hash, _)) = element(parameters) else {
            // The default is SHA-1.
            return Some(Hash::Sha256);
        };
        return by_identifier(element(element(hash)?.1)?.1);
    }
    by_identifier(identifier)
}

fn by_identifier(identifier: &[u8]) -> Option<Hash> {
    HASHES
        .iter()
        .find(|(known, _)| *known == identifier)
        .map(|&(_, hash)| hash)
}

fn has_alternative_names(extensions: &[u8]) -> Option<bool> {
    let (_, mut rest, _) = element(extensions)?;
    while let Some((SEQUENCE, extension, after)) = element(rest) {
        if element(extension)?.1 == ALTERNATIVE_NAME {
            return Some(true);
        }
        rest = after;
    }
    Some(false)
}

fn common_name(mut subject: &[u8]) -> Option<String> {
    let mut found = None;
    while let Some((SET, set, after)) = element(subject) {
        let (_, attribute, _) = element(set)?;
        if let Some((OBJECT_IDENTIFIER, COMMON_NAME, value)) = element(attribute) {
            found = String::from_utf8(element(value)?.1.to_vec()).ok();
        }
        subject = after;
    }
    found
}

/// The tag and content of the first element, and what follows it (DER, lengths of up to four bytes).
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let (digits, rest) = rest.split_at_checked(count)?;
        let length = digits
            .iter()
            .fold(0_usize, |length, &digit| (length << 8) | usize::from(digit));
        (length, rest)
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}
