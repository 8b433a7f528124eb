//! Takes apart what names a function: a name, a partial ARN or a full ARN, each with or without a qualifier.

use std::sync::Arc;

/// What names a function, taken apart.
///
/// The forms are those of Lambda's Invoke API: `name`, `name:qualifier`, `account:function:name`, `arn:aws:lambda:…:function:name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionName {
    /// As it was written.
    pub(crate) text: Arc<str>,
    /// The name alone.
    pub(crate) name: Arc<str>,
    /// The version or alias.
    pub(crate) qualifier: Option<Arc<str>>,
    region: Option<Arc<str>>,
    account: Option<Arc<str>>,
}

impl FunctionName {
    /// Takes a text apart; `None` when it names no function.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts: Vec<&str> = text.split(':').collect();
        let (mut region, mut account) = (None, None);
        if parts[0] == "arn" {
            if parts.len() < 7 || parts[2] != "lambda" || parts[5] != "function" {
                return None;
            }
            (region, account) = (Some(parts[3]), Some(parts[4]));
            parts.drain(..6);
        } else if parts.len() >= 3 && parts[1] == "function" {
            account = Some(parts[0]);
            parts.drain(..2);
        } else if parts.len() >= 3 && parts[0] == "function" {
            return None;
        } else if parts.len() == 2 && parts[0] == "function" {
            parts.drain(..1);
        }
        let (name, qualifier) = match parts.as_slice() {
            [name] => (*name, None),
            [name, qualifier] if !qualifier.is_empty() => (*name, Some(*qualifier)),
            _ => return None,
        };
        if name.is_empty() {
            return None;
        }
        Some(Self {
            text: text.into(),
            name: name.into(),
            qualifier: qualifier.map(Arc::from),
            region: region.map(Arc::from),
            account: account.map(Arc::from),
        })
    }

    /// The function's full ARN; what the name leaves open is taken from the execution's ARN.
    pub(crate) fn arn(&self, execution_arn: &str) -> String {
        let mut parts = execution_arn.split(':').skip(3);
        let region = parts.next().unwrap_or("us-east-1");
        let account = parts.next().unwrap_or("000000000000");
        let mut arn = format!(
            "arn:aws:lambda:{}:{}:function:{}",
            self.region.as_deref().unwrap_or(region),
            self.account.as_deref().unwrap_or(account),
            self.name
        );
        if let Some(qualifier) = &self.qualifier {
            arn.push(':');
            arn.push_str(qualifier);
        }
        arn
    }
}

#[cfg(test)]
mod tests {
    use super::FunctionName;

    fn check(text: &str, expected: &str) {
        let execution = "arn:aws:states:eu-west-1:111122223333:execution:m:e";
        let actual = match FunctionName::parse(text) {
            None => "none".to_owned(),
            Some(name) => format!(
                "{} {} {}",
                name.name,
                name.qualifier.as_deref().unwrap_or("-"),
                name.arn(execution)
            ),
        };
        assert_eq!(actual, expected, "{text}");
    }

    #[test]
    fn names_and_arns() {
        let arn = "arn:aws:lambda:eu-west-1:111122223333:function:f";
        check("f", &format!("f - {arn}"));
        check("f:live", &format!("f live {arn}:live"));
        check("function:f", &format!("f - {arn}"));
        check(
            "444455556666:function:f",
            "f - arn:aws:lambda:eu-west-1:444455556666:function:f",
        );
        check(
            "444455556666:function:f:7",
            "f 7 arn:aws:lambda:eu-west-1:444455556666:function:f:7",
        );
        check(
            "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
            "f $LATEST arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
        );
    }

    #[test]
    fn other_texts_name_no_function() {
        for text in [
            "",
            ":",
            "f:",
            "a:b:c",
            "function:f:g",
            "arn:aws:lambda:us-east-1:0:function",
            "arn:aws:states:us-east-1:0:activity:a:b",
        ] {
            check(text, "none");
        }
    }
}
