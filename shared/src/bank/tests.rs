use super::{
    stub::{client, endpoints, tls},
    *,
};

fn built(endpoints: Endpoints, client_id: &str) -> Result<(), Fault> {
    Client::new(Arc::new(endpoints), client_id.to_owned(), "https://tpp.example/".to_owned(), tls()).map(drop)
}

#[test]
fn a_client_is_built_only_from_addresses_and_an_id_that_can_be_sent() {
    let sound = || endpoints("https://bank.example");
    assert_eq!(built(sound(), "app-1"), Ok(()));
    assert_eq!(built(sound(), "app\r\nX-Injected: 1"), Err(Fault::Misconfigured));
    assert_eq!(built(endpoints("http://bank.example"), "app-1"), Err(Fault::Misconfigured));
    assert_eq!(
        built(Endpoints { token: "bank.example".into(), ..sound() }, "app-1"),
        Err(Fault::Misconfigured)
    );
    assert!(Fault::Misconfigured.provably_not_sent());
}

#[test]
fn a_printed_client_shows_its_public_id_and_no_certificate() {
    assert_eq!(format!("{:?}", client("https://bank.example")), r#"Client { client_id: "app-1", .. }"#);
}
