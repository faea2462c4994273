//! Puts the tables of a run into the page, so that nobody copies figures by hand.

use crate::Outcome;
use std::fs;

const PAGE: &str = "docs/performance.md";

/// Each table stands between `<!-- name -->` and `<!-- end -->`.
///
/// # Errors
/// If the page has a place for a table that is not there.
pub(crate) fn written() -> Outcome<String> {
    let page = fs::read_to_string(PAGE)?;
    let mut out = String::new();
    let mut rest = page.as_str();
    while let Some((before, after)) = rest.split_once("<!-- table: ") {
        let (name, after) = after.split_once(" -->").ok_or("a mark that does not end")?;
        let (_, after) = after.split_once("<!-- end -->").ok_or("a table that does not end")?;
        let table = fs::read_to_string(format!("target/bench/{name}.md"))?;
        out.push_str(&format!("{before}<!-- table: {name} -->\n{}\n<!-- end -->", table.trim()));
        rest = after;
    }
    out.push_str(rest);
    fs::write(PAGE, &out)?;
    Ok(format!("{PAGE} holds the tables of target/bench/"))
}
