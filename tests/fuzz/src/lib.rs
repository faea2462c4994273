//! What reads bytes of others, and what must hold whatever they are: no panic, an answer of bounded length, and nothing
//! shown that was not said. Each target is a function of bytes. Small corpora lie beside (`corpus/<target>/`); every build
//! replays them, `make fuzz` goes on from there with a fuzzer that watches which code an input reaches.
//!
//! An input that was found to break something is put into the corpus, under a name that says what it broke.

mod accounts;
mod calls;
mod chain;
mod faults;
mod rows;
mod secret;
mod token;

/// Something that reads bytes of others.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// Reads an input and panics if something does not hold that must.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "accounts", run: accounts::accounts },
    Target { name: "card_accounts", run: accounts::card_accounts },
    Target { name: "transactions", run: rows::transactions },
    Target { name: "card_transactions", run: rows::card_transactions },
    Target { name: "token", run: token::token },
    Target { name: "faults", run: faults::faults },
    Target { name: "secret", run: secret::secret },
    Target { name: "chain", run: chain::chain },
    Target { name: "callback", run: calls::callback },
    Target { name: "event", run: calls::event },
    Target { name: "claims", run: calls::claims },
    Target { name: "cursor", run: calls::cursor },
];

/// Whether an amount was sent with these digits. Where a number of the body has an exponent its digits are moved, and
/// nothing is said.
fn was_sent(body: &str, amount: &str) -> bool {
    let exponent = |pair: &[u8]| matches!(pair, [b'0'..=b'9', b'e' | b'E']);
    body.contains(amount.trim_start_matches('-')) || body.as_bytes().windows(2).any(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs, path::PathBuf};

    fn corpus() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus")
    }

    /// Cuts, doublings and changed bytes of an input: as many as it has bytes, up to a bound.
    fn near(input: &[u8]) -> Vec<Vec<u8>> {
        let mut all = vec![input.to_vec()];
        let step = input.len() / 200 + 1;
        for place in (0..input.len()).step_by(step) {
            all.push(input[..place].to_vec());
            all.push([&input[..place], &input[place + 1..]].concat());
            for byte in *b"\"{}[],:0-eE.\\\xff" {
                let mut changed = input.to_vec();
                changed[place] = byte;
                all.push(changed);
            }
        }
        all
    }

    #[test]
    fn what_lies_in_the_corpora_and_near_it_breaks_nothing() {
        let mut inputs = 0;
        for target in TARGETS {
            let files = fs::read_dir(corpus().join(target.name)).unwrap();
            let files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
            assert!(files.len() >= 3, "{} has a corpus", target.name);
            for file in files {
                let input = fs::read(&file).unwrap();
                let near = near(&input);
                inputs += near.len();
                for input in near {
                    let ran = std::panic::catch_unwind(|| (target.run)(&input));
                    assert!(
                        ran.is_ok(),
                        "{} at {:?}, near {file:?}",
                        target.name,
                        String::from_utf8_lossy(&input)
                    );
                }
            }
        }
        assert!(inputs > 1000, "{inputs}");
    }

    /// What is sealed cannot be guessed, so the corpus has one that opens: what lies behind the seal is read too.
    #[test]
    fn a_cursor_of_the_corpus_opens() {
        let text = fs::read_to_string(corpus().join("cursor/ours")).unwrap();
        assert_eq!(text, calls::sealed());
        let stolen = std::panic::catch_unwind(|| calls::cursor(text.as_bytes()));
        assert!(stolen.is_ok());
    }

    #[test]
    fn every_corpus_has_its_target() {
        let corpora = fs::read_dir(corpus()).unwrap().map(|folder| folder.unwrap().file_name());
        let corpora: BTreeSet<String> = corpora.map(|name| name.into_string().unwrap()).collect();
        let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
        assert_eq!(corpora, targets);
    }
}
