//! What was secret in a world, held against everything that it printed, answered and stored.

use super::{World, kept, search::Kind};
use data_encoding::BASE64;

impl World {
    /// What was secret here and stands in something that was printed or in a problem that was answered.
    pub(crate) fn leaks(&self, printed: &[String]) -> Vec<String> {
        self.learn_from_the_bank();
        let searcher = self.canaries.searcher();
        let (lines, problems) = (self.lines.lock().unwrap(), self.problems.lock().unwrap());
        let said = lines.iter().chain(printed).chain(problems.iter());
        let leaking = said.filter_map(|line| {
            let found = searcher.find(line);
            (!found.is_empty()).then(|| format!("{found:?} in {line}"))
        });
        let mut leaks: Vec<String> = leaking.collect();
        for answer in self.answers.lock().unwrap().iter() {
            let found = searcher.find(answer);
            if kept::Sink::Answered.holds_in_vain(answer, &found) {
                leaks.push(format!("{found:?} in the answer {answer}"));
            }
        }
        leaks
    }

    fn learn_from_the_bank(&self) {
        self.bank.orders().iter().for_each(|order| self.canaries.add(Kind::SessionLink, &order.session_id));
        let numbers = self.bank.customers().into_iter().filter_map(|customer| customer.personal_number);
        numbers.for_each(|number| self.canaries.add(Kind::PersonalNumber, &number));
        let (tokens, codes) = self.bank.issued();
        tokens.iter().for_each(|token| self.canaries.add(Kind::Token, token));
        codes.iter().for_each(|code| self.canaries.add(Kind::Code, code));
    }

    /// Forgets what was printed and answered, once it has been searched.
    pub(crate) fn forget(&self) {
        for (sink, texts) in [
            (kept::Sink::Printed, &*self.lines),
            (kept::Sink::Printed, &self.problems),
            (kept::Sink::Answered, &self.answers),
        ] {
            kept::keep(sink, &std::mem::take(&mut *texts.lock().unwrap()));
        }
    }

    /// Holds everything that was printed against what was secret here. What functions in this process print is looked
    /// at when the world ends.
    #[track_caller]
    pub(crate) fn search(&self, printed: &[String]) {
        let leaks = self.leaks(printed);
        assert!(leaks.is_empty(), "{leaks:#?}");
        kept::keep(kept::Sink::Printed, printed);
    }

    /// Searches the raw table, and the bytes of its binary attributes.
    pub(crate) async fn search_table(&self) {
        self.learn_from_the_bank();
        let (dump, searcher) = (self.dump().await, self.canaries.searcher());
        for item in dump.as_array().unwrap() {
            let binary = item.as_object().unwrap().values().filter_map(|value| value["B"].as_str());
            let bytes = binary.map(|text| BASE64.decode(text.as_bytes()).unwrap());
            let opened: Vec<_> = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect();
            for text in opened.iter().chain([&item.to_string()]) {
                let found = searcher.find(text);
                assert!(found.is_empty(), "{found:?} in the row {} {}", item["pk"]["S"], item["sk"]["S"]);
                kept::keep(kept::Sink::Stored, std::slice::from_ref(text));
            }
        }
    }
}
