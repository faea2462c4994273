//! Forms, queries and escapes, read strictly: what is malformed or doubled is an error, never a guess.

/// Fields of a form or query in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded` text; None if an escape is broken or a name comes twice.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = unescape(name)?;
            if fields.iter().any(|(known, _)| *known == name) {
                return None;
            }
            fields.push((name, unescape(value)?));
        }
        Some(Self(fields))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first name that is not among the known ones.
    pub(crate) fn stranger(&self, known: &[&str]) -> Option<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).find(|name| !known.contains(name))
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit =
                    |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                bytes.push(digit(rest.next()?)? * 16 + digit(rest.next()?)?);
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// Escapes all but the unreserved characters of RFC 3986 section 2.3.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// Escapes text for HTML content and quoted attributes.
pub(crate) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// Whether this is a UUID in its textual form (RFC 9562 section 4), any version.
pub(crate) fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// Whether these are exactly so many digits.
pub(crate) fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The check digit of a personal or organisation number: the last of ten digits (Luhn).
pub(crate) fn luhn_holds(ten_digits: &str) -> bool {
    let weighed = ten_digits.chars().enumerate().filter_map(|(position, digit)| {
        let product = digit.to_digit(10)? * if position % 2 == 0 { 2 } else { 1 };
        Some(product / 10 + product % 10)
    });
    weighed.sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::{Fields, escape, is_uuid};

    #[test]
    fn a_doubled_field_or_a_broken_escape_is_no_form() {
        assert!(Fields::parse("a=1&a=2").is_none());
        assert!(Fields::parse("a=%4").is_none());
        let fields = Fields::parse("scope=AIS%3Ax+y&state=").unwrap();
        assert_eq!(fields.get("scope"), Some("AIS:x y"));
        assert_eq!(fields.stranger(&["scope"]), Some("state"));
    }

    #[test]
    fn escapes_and_uuids() {
        assert_eq!(escape("a b:å"), "a%20b%3A%C3%A5");
        assert!(is_uuid("2f0d8b1e-7c55-4f0b-9d3a-6f1f0a9be001"));
        assert!(!is_uuid("2f0d8b1e7c554f0b9d3a6f1f0a9be001"));
    }
}
