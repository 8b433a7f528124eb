//! Base64 and hashes.

use std::fmt::Write;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::intrinsic::argument;
use crate::intrinsic::function::Answer;
use crate::value::Value;

/// How many characters these functions take.
const MAX_CHARACTERS: usize = 10_000;

/// Java's decoder does not insist on the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn base64_encode(arguments: &[Value]) -> Answer {
    Ok(BASE64.encode(bounded(arguments)?).into())
}

/// Bytes that are no UTF-8 become replacement characters, as in Java.
pub(super) fn base64_decode(arguments: &[Value]) -> Answer {
    let bytes = BASE64
        .decode(bounded(arguments)?)
        .map_err(|error| format!("the text is no base64: {error}"))?;
    Ok(String::from_utf8_lossy(&bytes).as_ref().into())
}

pub(super) fn hash(arguments: &[Value]) -> Answer {
    let data = bounded(arguments)?.as_bytes();
    match argument::string(arguments, 1)? {
        "MD5" => Ok(hexadecimal(&Md5::digest(data))),
        "SHA-1" => Ok(hexadecimal(&Sha1::digest(data))),
        "SHA-256" => Ok(hexadecimal(&Sha256::digest(data))),
        "SHA-384" => Ok(hexadecimal(&Sha384::digest(data))),
        "SHA-512" => Ok(hexadecimal(&Sha512::digest(data))),
        other => Err(format!(
            "the algorithm '{other}' is not one of MD5, SHA-1, SHA-256, SHA-384 and SHA-512"
        )),
    }
}

fn bounded(arguments: &[Value]) -> Result<&str, String> {
    let text = argument::string(arguments, 0)?;
    let characters = text.encode_utf16().count();
    if characters > MAX_CHARACTERS {
        return Err(format!(
            "the text has {characters} characters, more than {MAX_CHARACTERS}"
        ));
    }
    Ok(text)
}

fn hexadecimal(digest: &[u8]) -> Value {
    let mut text = String::with_capacity(2 * digest.len());
    for byte in digest {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
    }
    text.into()
}
