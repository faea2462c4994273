//! As much of a browser as the sign page needs: the form with the Approve button, its fields, and where they go.

/// A form ready to be posted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Approval {
    pub(super) url: String,
    /// `application/x-www-form-urlencoded`.
    pub(super) body: String,
}

/// The first form that has a button with `approve` in its value.
pub(super) fn approval(page_url: &str, html: &str) -> Option<Approval> {
    let forms = html.split("<form").skip(1).filter_map(|rest| rest.split("</form>").next());
    forms.filter_map(|form| filled(page_url, form)).next()
}

fn filled(page_url: &str, form: &str) -> Option<Approval> {
    let (head, inside) = form.split_once('>')?;
    let mut fields = Vec::new();
    let mut approves = false;
    let mut radio_taken = Vec::new();
    for tag in inside.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
        let value = attribute(tag, "value").unwrap_or_default();
        let name = attribute(tag, "name");
        let kind = attribute(tag, "type").unwrap_or_default();
        match (tag.split_whitespace().next().unwrap_or_default(), name) {
            ("button" | "input", Some(name)) if kind == "submit" => {
                // The button that is pressed is sent, the others are not.
                let pressed = value.to_ascii_lowercase().contains("approve");
                approves |= pressed;
                fields.extend(pressed.then_some((name, value)));
            }
            ("input", Some(name)) if kind == "radio" => {
                // The one marked, else the first.
                if tag.contains(" checked") {
                    fields.retain(|(taken, _)| *taken != name);
                    radio_taken.retain(|taken| *taken != name);
                }
                if !radio_taken.contains(&name) {
                    radio_taken.push(name.clone());
                    fields.push((name, value));
                }
            }
            ("input", Some(name)) if kind != "checkbox" => fields.push((name, value)),
            _ => {}
        }
    }
    let url = absolute(page_url, &attribute(head, "action").unwrap_or_default());
    let encoded =
        fields.iter().map(|(name, value)| format!("{}={}", percent_encoded(name), percent_encoded(value)));
    approves.then(|| Approval { url, body: encoded.collect::<Vec<_>>().join("&") })
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    let entities = [("&quot;", "\""), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    Some(entities.iter().fold(value.to_owned(), |text, (entity, plain)| text.replace(entity, plain)))
}

fn absolute(page_url: &str, action: &str) -> String {
    let path_start = page_url.match_indices('/').nth(2).map_or(page_url.len(), |(position, _)| position);
    match action {
        "" => page_url.to_owned(),
        absolute if absolute.starts_with("http") => absolute.to_owned(),
        path => format!("{}{path}", page_url.get(..path_start).unwrap_or_default()),
    }
}

fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Approval, approval};

    #[test]
    fn the_form_with_the_approve_button_is_filled_as_a_browser_would() {
        let page = r#"<form action="/search"><input name="q"></form>
            <form method="post" action="/decision?a=1&amp;b=2"><input type="hidden" name="state" value="a&amp;b c">
            <label><input type="radio" name="who" value="one">One</label>
            <label><input type="radio" name="who" value="two" checked>Two</label>
            <button type="submit" name="decision" value="deny">Deny</button>
            <button type="submit" name="decision" value="approve">Approve</button></form>"#;
        let url = "http://127.0.0.1:1/decision?a=1&b=2".to_owned();
        let body = "state=a%26b%20c&who=two&decision=approve".to_owned();
        assert_eq!(approval("http://127.0.0.1:1/page?x=/y", page), Some(Approval { url, body }));
        assert_eq!(approval("http://127.0.0.1:1/page", "<form><button value=\"deny\"></form>"), None);
    }
}
