use super::super::stub::{Reply, Stub, call, endpoints, trace};
use super::*;

const ORIGIN: &str = "https://bank.example";

fn begun(fields: &str) -> String {
    format!(
        r#"{{{fields}"_links":{{
            "token":{{"href":"https://bank.example/bb/gls5/decoupled/mbid/token/1.0?sessionId=s","hints":{{"allow":["POST"]}}}},
            "cancel":{{"href":"https://bank.example/bb/gls5/decoupled/mbid/cancel/1.0?sessionId=s","hints":{{"allow":["POST"]}}}}}}}}"#
    )
}

fn read(body: &str, version: Version) -> Result<Order, Fault> {
    order_of(body.as_bytes(), version, &endpoints(ORIGIN))
}

fn polled(body: &[u8]) -> Result<Poll, Fault> {
    poll_of(body, &endpoints(ORIGIN))
}

async fn begin(stub: &Stub, path: &str, same_device: bool) -> Result<Order, Fault> {
    let link = Link::parse(&format!("{}{path}", stub.origin)).unwrap();
    let consent = BankConsentId::parse("c-1").unwrap();
    let person = PersonalNumber::parse("199001012385").unwrap();
    let address = PsuAddress::parse("2001:db8::1").unwrap();
    stub.client().begin_decoupled(&call(&trace(), 10), &link, &consent, &person, &address, same_device).await
}

#[tokio::test]
async fn version_1_is_sent_the_kind_of_id_and_version_2_the_device_as_a_text() {
    for (path, same_device, own) in [
        ("/bb/gls5/decoupled/mbid/initAuthorization/1.0", true, r#""psu_id_type":"1""#),
        ("/bb/gls5/decoupled/mbid/initAuthorization/1.0", false, r#""psu_id_type":"1""#),
        ("/mlurd/decoupled/mbid/initAuthorization/2.0", true, r#""bisa_same_device":"true""#),
        ("/mlurd/decoupled/mbid/initAuthorization/2.0", false, r#""bisa_same_device":"false""#),
    ] {
        let stub = Stub::play([]);
        assert_eq!(
            begin(&stub, path, same_device).await.map(drop),
            Err(Fault::Unavailable { retry_after: None })
        );
        let seen = stub.only();
        assert_eq!(
            seen.body,
            format!(
                r#"{{"scope":"AIS:c-1","psu_id":"199001012385","psu_client_ip":"2001:db8::1",{own},"client_id":"app-1"}}"#
            )
        );
        assert_eq!(seen.line(), format!("POST {path}"));
        assert_eq!(seen.header("Content-Type"), Some("application/json"));
        assert_eq!(seen.header("Authorization").or(seen.header("X-IBM-Client-Id")), None);
    }
}

#[tokio::test]
async fn a_version_nobody_speaks_is_no_method_and_nothing_is_sent() {
    let stub = Stub::play([]);
    for path in ["/mlurd/decoupled/mbid/initAuthorization/3.0", "/mlurd/decoupled/mbid/initAuthorization"] {
        assert_eq!(begin(&stub, path, true).await.map(drop), Err(Fault::NoMethod));
    }
    assert_eq!(begin(&stub, "/other/initAuthorization/2.0", true).await.map(drop), Err(Fault::ForeignLink));
    assert!(stub.seen().is_empty());
}

#[test]
fn a_recorded_order_is_read() {
    let order = read(&begun(r#""auto_start_token":"start-1","sleep_time":2000,"#), Version::One).unwrap();
    assert_eq!(order.auto_start.unwrap().expose(), "start-1");
    assert_eq!(order.sleep, Span::millis(2000));
    assert!(order.poll.expose().ends_with("/token/1.0?sessionId=s"));
    assert!(order.cancel.unwrap().expose().ends_with("/cancel/1.0?sessionId=s"));
    assert!(order.qr.is_none());
}

#[test]
fn several_spellings_of_the_unknown_version_2_answer_are_read() {
    for (fields, token, qr) in [
        (r#""auto_start_token":"a","#, Some("a"), None),
        (r#""autoStartToken":"a","#, Some("a"), None),
        (r#""qr_data":"q","#, None, Some("q")),
        (r#""qrCode":"q","#, None, Some("q")),
        ("", None, None),
    ] {
        let order = read(&begun(fields), Version::Two).unwrap();
        assert_eq!(order.auto_start.as_ref().map(AutoStartToken::expose), token, "{fields}");
        assert_eq!(order.qr.as_ref().map(QrData::expose), qr, "{fields}");
    }
}

#[test]
fn a_field_of_a_wrong_type_is_absent_where_there_is_another_way_to_start() {
    for (fields, outcome) in [
        (r#""auto_start_token":"a","qr_data":{"t":1},"#, Ok((true, false))),
        (r#""auto_start_token":7,"qr_data":"q","#, Ok((false, true))),
        (r#""auto_start_token":7,"autoStartToken":"a","#, Ok((true, false))),
        (r#""auto_start_token":7,"#, Err(Fault::Malformed)),
        (r#""auto_start_token":[],"qr":true,"#, Err(Fault::Malformed)),
        (r#""qr":1.5,"#, Err(Fault::Malformed)),
        (r#""auto_start_token":"a","auto_start_token":"a","#, Err(Fault::Malformed)),
        (r#""auto_start_token":"a","qr":"q","qr":"q","#, Err(Fault::Malformed)),
        (r#""auto_start_token":"a","x":1,"x":2,"#, Ok((true, false))),
    ] {
        let order = read(&begun(fields), Version::Two).map(|it| (it.auto_start.is_some(), it.qr.is_some()));
        assert_eq!(order, outcome, "{fields}");
    }
    let only_qr = read(&begun(r#""auto_start_token":7,"qr_data":"q","#), Version::One);
    assert_eq!(only_qr.map(drop), Err(Fault::Malformed), "1.0 has no QR data of its own");
}

#[test]
fn names_are_configuration_but_the_recorded_one_is_read_in_version_1_in_any_case() {
    let own = Endpoints {
        auto_start_fields: vec!["start".to_owned()],
        qr_fields: vec!["image".to_owned()],
        ..endpoints(ORIGIN)
    };
    let order = |fields: &str, version| {
        let order = order_of(begun(fields).as_bytes(), version, &own).unwrap();
        (order.auto_start.is_some(), order.qr.is_some())
    };
    assert_eq!(order(r#""start":"a","image":"q","#, Version::Two), (true, true));
    assert_eq!(order(r#""auto_start_token":"a","qr_data":"q","#, Version::Two), (false, false));
    assert_eq!(order(r#""auto_start_token":"a","#, Version::One), (true, false));
    let polled = poll_of(br#"{"result":"IN_PROGRESS","image":"q2","qr_data":"q1"}"#, &own);
    assert!(matches!(polled, Ok(Poll::Pending { qr: Some(qr) }) if qr.expose() == "q2"));
}

#[test]
fn sleep_time_is_kept_between_half_a_second_and_half_a_minute() {
    let sleep = |sent: &str| {
        read(&begun(&format!(r#""auto_start_token":"a","sleep_time":{sent},"#)), Version::One).unwrap().sleep
    };
    for (sent, millis) in [("2000", 2000), ("1", 500), ("500", 500), ("30000", 30_000), ("3600000", 30_000)] {
        assert_eq!(sleep(sent), Span::millis(millis), "{sent}");
    }
    for nonsense in ["0", "-5", "null", "\"2000\"", "1.5", "[]", "99999999999999999999"] {
        assert_eq!(sleep(nonsense), Span::millis(2000), "{nonsense}");
    }
    assert_eq!(read(&begun(r#""auto_start_token":"a","#), Version::One).unwrap().sleep, Span::millis(2000));
}

#[test]
fn what_is_no_order_is_malformed_and_a_foreign_session_is_not_followed() {
    let good = begun(r#""auto_start_token":"a","sleep_time":2000,"#);
    for body in [
        "<html></html>".to_owned(),
        "{}".to_owned(),
        good.replace("_links", "links"),
        good.replace("\"token\"", "\"tokens\""),
        good.replace("\"a\"", "7"),
        good.replace("\"a\"", "\"\""),
        good.replace("auto_start_token", "start"),
    ] {
        assert_eq!(read(&body, Version::One).map(drop), Err(Fault::Malformed), "{body}");
    }
    for path in ["token", "cancel"] {
        let local = format!("https://bank.example/bb/gls5/decoupled/mbid/{path}");
        let foreign = good.replace(&local, &local.replace("bank.example", "elsewhere.example"));
        assert_eq!(read(&foreign, Version::One).map(drop), Err(Fault::ForeignLink));
    }
}

#[test]
fn a_poll_finds_the_order_pending_complete_or_cancelled() {
    assert!(matches!(polled(br#"{"result":"IN_PROGRESS"}"#), Ok(Poll::Pending { qr: None })));
    let qr = polled(br#"{"result":"IN_PROGRESS","qr_data":"q2"}"#);
    assert!(matches!(qr, Ok(Poll::Pending { qr: Some(qr) }) if qr.expose() == "q2"));
    let unusable = polled(br#"{"result":"IN_PROGRESS","qr_data":[1]}"#);
    assert!(matches!(unusable, Ok(Poll::Pending { qr: None })), "the order goes on");
    let complete = br#"{"result":"COMPLETE","access_token":"a","expires_in":86400,"refresh_token":"r","token_type":"bearer"}"#;
    let Ok(Poll::Complete(granted)) = polled(complete) else { panic!("not complete") };
    assert_eq!((granted.access.expose(), granted.access_lifetime), ("a", Span::seconds(86_400)));
    assert_eq!(granted.refresh.unwrap().expose(), "r");
    assert_eq!(polled(br#"{"result":"USER_CANCEL"}"#).map(drop), Err(Fault::UserCancelled));
}

#[test]
fn a_poll_that_finds_anything_else_is_not_guessed_at() {
    let unknown = Fault::Unrecognised { call: "poll", status: 200 };
    for body in [r#"{"result":"EXPIRED"}"#, r#"{"result":"complete"}"#, r#"{"result":""}"#] {
        assert_eq!(polled(body.as_bytes()).map(drop), Err(unknown), "{body}");
    }
    for body in [
        "",
        "{}",
        r#"{"result":null}"#,
        r#"{"result":"COMPLETE"}"#,
        r#"{"error":"mbid_error"}"#,
        "<html>",
        r#"{"result":"IN_PROGRESS","result":"COMPLETE"}"#,
    ] {
        assert_eq!(polled(body.as_bytes()).map(drop), Err(Fault::Malformed), "{body}");
    }
}

#[tokio::test]
async fn polls_and_cancels_are_empty_posts_to_the_session() {
    let pending = r#"{"result":"IN_PROGRESS"}"#;
    let stub = Stub::play([
        Reply::Answer(200, pending.into()),
        Reply::Answer(200, "gone".into()),
        Reply::Answer(404, String::new()),
    ]);
    let (client, trace) = (stub.client(), trace());
    let session =
        |name: &str| SessionLink::new(format!("{}/mlurd/decoupled/mbid/{name}/1.0?sessionId=s", stub.origin));
    assert!(client.poll(&call(&trace, 10), &session("token")).await.is_ok());
    assert!(client.cancel(&call(&trace, 10), &session("cancel")).await.is_ok());
    let unknown = client.cancel(&call(&trace, 10), &session("cancel")).await;
    assert_eq!(unknown, Err(Fault::Unrecognised { call: "cancel", status: 404 }));
    let seen = stub.seen();
    assert_eq!(seen[0].line(), "POST /mlurd/decoupled/mbid/token/1.0?sessionId=s");
    assert_eq!(seen[1].line(), "POST /mlurd/decoupled/mbid/cancel/1.0?sessionId=s");
    assert!(
        seen.iter().all(|seen| seen.body.is_empty() && seen.header("Content-Length") == Some("0")),
        "{seen:?}"
    );
    let foreign = SessionLink::new("https://elsewhere.example/mlurd/x");
    assert_eq!(client.poll(&call(&trace, 10), &foreign).await.map(drop), Err(Fault::ForeignLink));
}

#[test]
fn an_order_cut_anywhere_is_malformed() {
    let good = begun(r#""auto_start_token":"a","sleep_time":2000,"#);
    for cut in 0..good.len() {
        assert_eq!(read(&good[..cut], Version::One).map(drop), Err(Fault::Malformed), "{cut}");
    }
}
