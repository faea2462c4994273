//! Answers larger than Lambda lets through, or than there is time for, end with a whole day and say where to go on.

use crate::world::{Answer, Person, Setting, World, client::swedish, only_in_process};
use serde_json::Value;
use simulated_bank::{CallKind, Fault, FaultOrder};
use std::collections::BTreeSet;

only_in_process![twenty_thousand_rows_come_in_answers_that_lambda_lets_through_or_compressed_in_one];

const FROM: &str = "2024-10-15";
const TO: &str = "2026-01-15";
/// AWS Lambda quotas: the answer to a synchronous invocation.
const LAMBDA_MOST: usize = 6_000_000;

struct Stall<'w> {
    mia: Person<'w>,
    path: String,
}

impl<'w> Stall<'w> {
    async fn connect(world: &'w World) -> Self {
        let mia = world.person();
        let id = mia.connect_as(&swedish("redirect"), "se-mia").await;
        let accounts = mia.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
        let account = accounts["accounts"][0]["account_id"].as_str().unwrap();
        Self { mia, path: format!("/v1/consents/{id}/accounts/{account}/transactions") }
    }

    async fn ask(&self, query: &str, accept: &str) -> Answer {
        let request = self.mia.present("GET", &format!("{}?{query}", self.path));
        request.header("accept-encoding", accept).send().await
    }

    /// Answer after answer, until there is no more.
    async fn pages(&self, query: &str) -> Vec<(Value, usize)> {
        let mut pages = Vec::new();
        let mut query = query.to_owned();
        loop {
            let answer = self.ask(&query, "identity").await;
            assert_eq!(answer.header("content-encoding"), None);
            let size = serde_json::to_string(&answer.text).unwrap().len();
            let page = answer.expect(200);
            let how = if query.contains("include=source") { "&include=source" } else { "" };
            query = format!("cursor={}{how}", page["next_cursor"].as_str().unwrap());
            let more = page["more"] == true;
            pages.push((page, size));
            assert!(pages.len() < 30, "no end");
            if !more {
                return pages;
            }
        }
    }
}

fn ids(page: &Value) -> Vec<String> {
    let booked = page["booked"].as_array().unwrap().iter();
    booked.map(|row| row["transaction_id"].as_str().unwrap().to_owned()).collect()
}

/// The pages are one range without a gap and without a day twice, the newest first, and nothing is missing in them.
fn is_whole(pages: &[(Value, usize)], whole: &BTreeSet<String>) {
    let mut seen = BTreeSet::new();
    let mut until = TO.to_owned();
    for (page, _) in pages {
        assert_eq!(page["date_to"], until.as_str());
        let from: jiff::civil::Date = page["date_from"].as_str().unwrap().parse().unwrap();
        until = from.yesterday().unwrap().to_string();
        for day in page["booked"].as_array().unwrap().iter().map(|row| row["booking_date"].as_str().unwrap())
        {
            assert!(page["date_from"].as_str() <= Some(day) && Some(day) <= page["date_to"].as_str());
        }
        let covered = page["coverage"].as_array().unwrap();
        assert_eq!(covered.last().unwrap()["date_from"], page["date_from"]);
        for id in ids(page) {
            assert!(seen.insert(id), "a row twice");
        }
    }
    assert_eq!(pages.last().unwrap().0["date_from"], FROM);
    let (lost, more) = (whole.difference(&seen).count(), seen.difference(whole).count());
    assert_eq!((lost, more), (0, 0), "of {} rows", whole.len());
}

async fn twenty_thousand_rows_come_in_answers_that_lambda_lets_through_or_compressed_in_one(world: &World) {
    let stall = Stall::connect(world).await;
    // With the bank's own objects it is more than Lambda lets through, and compressed it is not.
    let range = format!("date_from={FROM}&date_to={TO}&include=source");
    let packed = stall.ask(&range, "gzip").await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.header("vary"), Some("accept-encoding"));
    let packed = packed.expect(200);
    assert_eq!(packed["more"], false);
    let whole: BTreeSet<String> = ids(&packed).into_iter().collect();
    assert!(whole.len() > 19_500);
    let pages = stall.pages(&range).await;
    let sizes: Vec<usize> = pages.iter().map(|(_, size)| *size).collect();
    assert!(sizes.len() > 1 && sizes.iter().all(|size| *size < LAMBDA_MOST), "{sizes:?}");
    assert!(sizes[0] > LAMBDA_MOST / 2, "answers are not smaller than they must be: {sizes:?}");
    is_whole(&pages, &whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_there_is_no_time_for_is_left_to_the_next_answer() {
    let overrides = vec![("FUNCTION_TIMEOUT_MS", "8000".to_owned())];
    let world = World::with(Setting { overrides, ..Setting::default() }).await;
    let stall = Stall::connect(&world).await;
    let range = format!("date_from={FROM}&date_to={TO}");
    // However slow this machine is: an answer that was cut for time is read to its end.
    let whole: BTreeSet<String> = stall.pages(&range).await.iter().flat_map(|(page, _)| ids(page)).collect();
    // Three windows are answered at once; when the next ones come, no more are asked for.
    let fault = Fault::Delay { ms: 4_500 };
    world.bank.fault(FaultOrder { call: CallKind::AccountsTransactions, fault, times: 100, skip: 3 });
    let first = stall.ask(&range, "gzip").await.expect(200);
    world.bank.clear_faults();
    assert_eq!(first["more"], true, "{}", first["findings"]);
    assert!(!ids(&first).is_empty());
    let next = format!("cursor={}", first["next_cursor"].as_str().unwrap());
    let mut pages = vec![(first, 0)];
    pages.extend(stall.pages(&next).await);
    is_whole(&pages, &whole);
    // The last answer says where to follow on: from today, less the overlap.
    let last = pages.last().unwrap().0["next_cursor"].as_str().unwrap();
    let followed = stall.ask(&format!("cursor={last}"), "gzip").await.expect(200);
    assert_eq!(
        (followed["date_from"].as_str(), followed["date_to"].as_str()),
        (Some("2026-01-01"), Some(TO))
    );
}
