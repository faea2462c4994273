//! The bank's pages: a sign page that a person can use with a keyboard and a screen reader, without scripts.

use crate::codec::html;
use crate::customers::Customer;
use crate::grant::Consent;

const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:2rem auto;padding:0 1rem;\
color:#111;background:#fff}fieldset{border:1px solid #767676;border-radius:.4rem;margin:1rem 0}\
label{display:block;padding:.4rem 0}button{font:inherit;padding:.6rem 1.4rem;margin-right:1rem;border:2px solid #003a70;\
border-radius:.4rem;background:#fff;color:#003a70;cursor:pointer}button.main{background:#003a70;color:#fff}\
button:focus-visible,input:focus-visible{outline:3px solid #b35900;outline-offset:2px}small{color:#595959}";

fn document(title: &str, main: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{main}\
         <p><small>A simulated bank: no real customer, account or money.</small></p>\n</main>\n</body>\n</html>\n"
    )
}

/// The sign page. Its form posts to the address it was read from.
pub(crate) fn sign(
    client_id: &str,
    consent: &Consent,
    customers: &[&Customer],
    chosen: Option<&str>,
) -> String {
    let whose = if consent.corporate_id.is_some() { "corporate" } else { "private" };
    let choice: String = customers.iter().map(|customer| option(customer, chosen)).collect();
    let choice = match customers {
        [] => "<p>No customer of this bank fits the consent. It can only be denied.</p>\n".to_owned(),
        _ => format!("<fieldset>\n<legend>Log on as</legend>\n{choice}</fieldset>\n"),
    };
    let approve = match customers {
        [] => "",
        _ => "<button class=\"main\" type=\"submit\" name=\"decision\" value=\"approve\">Approve</button>\n",
    };
    let main = format!(
        "<p>The app <strong>{}</strong> asks to read your {whose} accounts and cards ({}).</p>\n\
         <p>Consent <code>{}</code></p>\n<form method=\"post\">\n{choice}{approve}\
         <button type=\"submit\" name=\"decision\" value=\"deny\">Deny</button>\n</form>\n",
        html(client_id),
        consent.country.code(),
        html(&consent.id),
    );
    document("Share your account information?", &main)
}

fn option(customer: &Customer, chosen: Option<&str>) -> String {
    let checked = if chosen == Some(customer.key) { " checked" } else { "" };
    format!(
        "<label><input type=\"radio\" name=\"customer\" value=\"{}\"{checked}> {} <small>{}</small></label>\n",
        html(customer.key),
        html(customer.name),
        html(customer.about),
    )
}

/// A page that says what is wrong and leads nowhere.
pub(crate) fn problem(text: &str) -> String {
    document("This cannot be signed", &format!("<p role=\"alert\">{}</p>\n", html(text)))
}

/// The firewall's page (seen in production use), sent with status 200.
pub(crate) const REJECTED: &str = "<html><head><title>Request Rejected</title></head><body>The requested URL was \
rejected. Please consult with your administrator.<br><br>Your support ID is: 0000000000000000001</body></html>";

/// Some other page where JSON was expected.
pub(crate) const MAINTENANCE: &str =
    "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><p>Back soon.</p></body></html>";
