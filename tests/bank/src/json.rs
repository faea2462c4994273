//! JSON whose key order and number text are ours: the bank emits keys in a fixed order and whole amounts without
//! decimals (recorded answers), and faults have to be able to spoil any field.

/// A JSON value that remembers the order of its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    Object(Vec<(String, Self)>),
    Array(Vec<Self>),
    Text(String),
    /// A number, `true` or `false`, as it is written.
    Literal(String),
}

impl Json {
    pub(crate) fn object<const N: usize>(pairs: [(&str, Self); N]) -> Self {
        Self::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// Leaves out the pairs without a value: the bank sends no nulls (recorded answers).
    pub(crate) fn sparse<const N: usize>(pairs: [(&str, Option<Self>); N]) -> Self {
        let present = pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        Self::Object(present.collect())
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn int(number: i64) -> Self {
        Self::Literal(number.to_string())
    }

    /// An amount from its minor units: `2000`, `12.5`, `999.99`, never negative (recorded answers).
    pub(crate) fn amount(minor: i64) -> Self {
        let (sign, minor) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs());
        let (whole, cents) = (minor / 100, minor % 100);
        Self::Literal(match cents {
            0 => format!("{sign}{whole}"),
            tenths if tenths % 10 == 0 => format!("{sign}{whole}.{}", tenths / 10),
            cents => format!("{sign}{whole}.{cents:02}"),
        })
    }

    pub(crate) fn push(&mut self, key: &str, value: Self) {
        if let Self::Object(pairs) = self {
            pairs.push((key.to_owned(), value));
        }
    }

    /// Visits every pair of every object; the visitor may change the value, and returns false to drop the pair.
    pub(crate) fn each_pair(&mut self, visit: &mut impl FnMut(&str, &mut Self) -> bool) {
        match self {
            Self::Object(pairs) => {
                pairs.retain_mut(|(key, value)| visit(key, value));
                pairs.iter_mut().for_each(|(_, value)| value.each_pair(visit));
            }
            Self::Array(items) => items.iter_mut().for_each(|item| item.each_pair(visit)),
            Self::Text(_) | Self::Literal(_) => {}
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Object(pairs) => {
                out.push('{');
                for (position, (key, value)) in pairs.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    write_text(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
            Self::Array(items) => {
                out.push('[');
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Text(text) => write_text(text, out),
            Self::Literal(literal) => out.push_str(literal),
        }
    }
}

impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        f.write_str(&out)
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn whole_amounts_have_no_decimals_and_keys_keep_their_order() {
        let body = Json::object([
            ("b", Json::amount(200_000)),
            ("a", Json::amount(99_999)),
            ("c", Json::amount(1_250)),
        ]);
        assert_eq!(body.to_string(), r#"{"b":2000,"a":999.99,"c":12.5}"#);
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(Json::text("a\"b\\c\nå").to_string(), "\"a\\\"b\\\\c\\nå\"");
    }
}
