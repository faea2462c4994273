//! What rests on disk: one JSON file beside the certificates' folder.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::BankIdAction;
use crate::grant::Book;
use crate::random::Chance;
use crate::world::World;

const FILE: &str = "bank.json";

#[derive(Serialize, Deserialize)]
struct Saved {
    clock_ms: i64,
    chance: Chance,
    preferred_customer: Option<String>,
    bankid_default: BankIdAction,
    book: Book,
}

/// Where the certificates rest.
pub(crate) fn pki_folder(state_dir: &Path) -> PathBuf {
    state_dir.join("pki")
}

/// Puts back what was saved, the clock included; false if nothing was.
pub(crate) fn load(state_dir: &Path, world: &mut World) -> io::Result<bool> {
    let text = match fs::read_to_string(state_dir.join(FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let saved: Saved = serde_json::from_str(&text).map_err(io::Error::other)?;
    world.clock.set_ms(saved.clock_ms);
    world.chance = saved.chance;
    world.preferred_customer = saved.preferred_customer;
    world.bankid_default = saved.bankid_default;
    world.book = saved.book;
    Ok(true)
}

/// What is to be saved, as text, so that the disk is written without holding the world.
pub(crate) fn snapshot(world: &mut World) -> io::Result<String> {
    world.unsaved = false;
    let saved = Saved {
        clock_ms: world.clock.now_ms(),
        chance: world.chance.clone(),
        preferred_customer: world.preferred_customer.clone(),
        bankid_default: world.bankid_default.clone(),
        book: world.book.clone(),
    };
    serde_json::to_string_pretty(&saved).map_err(io::Error::other)
}

/// Writes beside the file and renames, so that a crash leaves the old state or the new one.
pub(crate) fn write(state_dir: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(state_dir)?;
    let beside = state_dir.join("bank.json.new");
    fs::write(&beside, text)?;
    fs::rename(beside, state_dir.join(FILE))
}
