//! What worlds leave behind for the search over the whole suite (`canaries.rs`): everything that was printed, answered and
//! stored in any of them, and everything that was secret in any. `KEPT` names the folder; without it nothing is kept.

use super::search::{Canaries, Kind};
use std::{
    collections::BTreeSet,
    fs::{File, OpenOptions, read_dir, read_to_string},
    io::Write as _,
    path::{Path, PathBuf},
    sync::Mutex,
};

/// Where a text came to light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sink {
    /// Log lines with their metrics, problem documents, what processes and commands wrote.
    Printed,
    /// Answers that are no problems.
    Answered,
    /// Rows of the table, and what their binary attributes hold.
    Stored,
}

impl Sink {
    pub(crate) const ALL: [Self; 3] = [Self::Printed, Self::Answered, Self::Stored];

    /// Whether some of the kinds that stand in a text must not stand there. An answer begins with its method and path.
    pub(crate) fn holds_in_vain(self, text: &str, found: &BTreeSet<Kind>) -> bool {
        let mut words = text.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let allowed = |kind: &Kind| self == Self::Answered && kind.may_answer(method, path);
        found.iter().any(|kind| !allowed(kind))
    }

    fn file(self) -> String {
        format!("{self:?}.{}", std::process::id())
    }
}

static WRITING: Mutex<()> = Mutex::new(());

pub(crate) fn folder() -> Option<PathBuf> {
    std::env::var_os("KEPT").map(PathBuf::from)
}

pub(crate) fn keep(sink: Sink, texts: &[String]) {
    if let Some(folder) = folder().filter(|_| !texts.is_empty()) {
        write(&folder, sink, texts);
    }
}

pub(crate) fn write(folder: &Path, sink: Sink, texts: &[String]) {
    append(folder, &sink.file(), texts.iter().map(|text| serde_json::to_string(text).unwrap()));
}

pub(crate) fn keep_secrets(canaries: &Canaries) {
    if let Some(folder) = folder() {
        write_secrets(&folder, canaries);
    }
}

pub(crate) fn write_secrets(folder: &Path, canaries: &Canaries) {
    let secrets = canaries.all().into_iter();
    let secret = |(kind, value)| serde_json::to_string(&(format!("{kind:?}"), value)).unwrap();
    append(folder, &format!("secrets.{}", std::process::id()), secrets.map(secret));
}

fn append(folder: &Path, name: &str, lines: impl Iterator<Item = String>) {
    let whole: String = lines.map(|line| line + "\n").collect();
    let _one_at_a_time = WRITING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let file: std::io::Result<File> = OpenOptions::new().create(true).append(true).open(folder.join(name));
    file.unwrap().write_all(whole.as_bytes()).unwrap();
}

/// What a search over a whole suite came to.
#[derive(Debug, Default)]
pub(crate) struct Searched {
    pub(crate) kinds: BTreeSet<Kind>,
    pub(crate) secrets: usize,
    pub(crate) texts: usize,
    pub(crate) bytes: usize,
    pub(crate) leaks: Vec<String>,
}

/// Looks for every secret of every world in every text of all, and in these files too.
pub(crate) fn search(folder: &Path, printed: &[PathBuf]) -> Searched {
    let canaries = Canaries::default();
    for line in lines_of(folder, "secrets.") {
        let (kind, value): (String, String) = serde_json::from_str(&line).unwrap();
        canaries.add(Kind::named(&kind), &value);
    }
    let (searcher, all) = (canaries.searcher(), canaries.all());
    let mut searched = Searched { secrets: all.len(), ..Searched::default() };
    searched.kinds = all.into_iter().map(|(kind, _)| kind).collect();
    let kept = Sink::ALL.into_iter().flat_map(|sink| {
        lines_of(folder, &format!("{sink:?}.")).map(move |line| (sink, serde_json::from_str(&line).unwrap()))
    });
    let output = printed.iter().flat_map(|path| {
        let text = read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        text.lines().map(|line| (Sink::Printed, line.to_owned())).collect::<Vec<_>>()
    });
    for (sink, text) in kept.chain(output) {
        let found: BTreeSet<Kind> = searcher.find(&text);
        if sink.holds_in_vain(&text, &found) {
            let beginning: String = text.chars().take(2_000).collect();
            searched.leaks.push(format!("{sink:?}: {found:?} in {beginning}"));
        }
        searched.texts += 1;
        searched.bytes += text.len();
    }
    searched
}

/// The lines of all files that are named so.
fn lines_of(folder: &Path, beginning: &str) -> impl Iterator<Item = String> + use<> {
    let files = read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let named = files.filter(|file| file.file_name().to_string_lossy().starts_with(beginning));
    let paths: Vec<PathBuf> = named.map(|file| file.path()).collect();
    paths.into_iter().flat_map(|path| {
        let text = read_to_string(path).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    })
}
