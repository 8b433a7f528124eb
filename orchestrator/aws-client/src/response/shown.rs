//! Scalars as results have them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde_json::{Number, Value};

use crate::model::{Kind, Model, Place};
use crate::parameters::is_base64;
use crate::response::text_of;
use crate::timestamps::{self, Style};

/// How values of a model are shown.
#[derive(Clone, Copy)]
pub(super) struct Shown<'m> {
    pub(super) model: &'m Model,
    pub(super) style: Style,
}

impl Shown<'_> {
    /// Bytes: their text where they are one, else base 64.
    pub(super) fn bytes(self, member: &str, bytes: &[u8]) -> Value {
        let text = std::str::from_utf8(bytes)
            .ok()
            .filter(|_| !is_base64(member));
        Value::String(match text {
            Some(text) => text.to_owned(),
            None => STANDARD.encode(bytes),
        })
    }

    /// A time, whatever the service writes; what is none stays as it is.
    pub(super) fn time(self, value: &Value) -> Value {
        match timestamps::read(value) {
            Some(time) => timestamps::shown(time, self.style),
            None => value.clone(),
        }
    }

    /// A scalar that came as text.
    pub(super) fn text(self, place: Place<'_>, member: &str, text: &str) -> Value {
        let given = || Value::String(text.to_owned());
        match place.shape.kind {
            Kind::Boolean => match text.trim() {
                "true" | "True" | "1" => Value::Bool(true),
                "false" | "False" | "0" => Value::Bool(false),
                _ => given(),
            },
            Kind::Integer | Kind::Long => match text.trim().parse::<i64>() {
                Ok(number) => Value::from(number),
                Err(_) => given(),
            },
            Kind::Float | Kind::Double => match text.trim().parse().ok().and_then(Number::from_f64)
            {
                Some(number) => Value::Number(number),
                None => given(),
            },
            Kind::Timestamp => self.time(&given()),
            Kind::Blob => match STANDARD.decode(text.trim()) {
                Ok(bytes) => self.bytes(member, &bytes),
                Err(_) => given(),
            },
            Kind::String | Kind::Structure | Kind::List | Kind::Map => given(),
        }
    }

    /// A member that a header carries.
    pub(super) fn header(
        self,
        place: Place<'_>,
        member: &str,
        headers: &HeaderMap,
        name: &str,
    ) -> Option<Value> {
        let text = text_of(headers.get(name)?);
        if place.reference.jsonvalue {
            let bytes = STANDARD.decode(&text).ok()?;
            return serde_json::from_slice(&bytes).ok();
        }
        if place.shape.kind == Kind::List {
            let item = self.model.place(place.shape.member.as_deref()?)?;
            let items = text
                .split(',')
                .map(|text| self.text(item, member, text.trim()));
            return Some(Value::Array(items.collect()));
        }
        Some(self.text(place, member, &text))
    }
}
