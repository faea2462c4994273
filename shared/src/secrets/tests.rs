//! The secret as an operator may have written it, well or badly.

mod fetch;
mod rotation;

use super::*;
use crate::types::{Country, Span};
use aws_lc_rs::{
    encoding::{AsDer, EcPrivateKeyRfc5915Der},
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair},
};
use data_encoding::BASE64;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_RSA_SHA256,
    date_time_ymd,
};
use serde_json::{Value, json};

const CERTIFIED: Demands = Demands { certificate_required: true, client_id_required: true };
const SANDBOX: Demands = Demands { certificate_required: false, client_id_required: true };

/// A CA and a leaf of it, valid over 2026.
struct Issued {
    leaf: String,
    ca: String,
    key: KeyPair,
}

/// Valid from the beginning of one year to that of another.
fn named(name: &str, (from, to): (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
    params
}

fn authority(years: (i32, i32)) -> CertifiedIssuer<'static, KeyPair> {
    let mut authority = named("Test CA", years);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap()
}

fn issued_by(authority: &CertifiedIssuer<'static, KeyPair>, years: (i32, i32), key: KeyPair) -> Issued {
    let mut leaf = named("Test TPP", years);
    leaf.use_authority_key_identifier_extension = true;
    Issued { leaf: leaf.signed_by(&key, authority).unwrap().pem(), ca: authority.pem(), key }
}

fn issued_with(key: KeyPair) -> Issued {
    issued_by(&authority((2026, 2027)), (2026, 2027), key)
}

fn issued() -> Issued {
    issued_with(KeyPair::generate().unwrap())
}

/// Valid for this year and, until it ends, no longer.
fn issued_from(year: i32) -> Issued {
    let years = (year, year + 1);
    issued_by(&authority(years), years, KeyPair::generate().unwrap())
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn set(issued: &Issued, countries: &[&str]) -> Value {
    json!({
        "client_id": "client-1", "redirect_uri": "https://aisp.example/v1/callback", "countries": countries,
        "chain_pem": format!("{}{}", issued.leaf, issued.ca), "key_pem": issued.key.serialize_pem(),
    })
}

fn secret(sets: &Value) -> Value {
    json!({
        "identity_key": BASE64.encode(&[1; 32]),
        "sealing_keys": [{"id": "2026-02", "key": BASE64.encode(&[2; 32])}, {"id": "2026-01", "key": BASE64.encode(&[3; 32])}],
        "sets": sets, "a_field_of_a_newer_version": true,
    })
}

fn parse(secret: &Value, demands: Demands) -> Result<Material, Fault> {
    Material::parse(&secret.to_string(), "v-1", demands)
}

fn at(date: &str) -> Timestamp {
    Timestamp::from_millis(date.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

#[test]
fn a_sound_secret_gives_a_client_certificate_per_country_and_the_newest_key_seals() {
    let (one, two) = (issued(), issued());
    let material =
        parse(&secret(&json!({"nordic": set(&one, &["SE"]), "west": set(&two, &["GB", "NL"])})), CERTIFIED)
            .unwrap();
    assert_eq!(material.set_for(Country::Se).unwrap().name, "nordic");
    assert_eq!(material.set_for(Country::Nl).unwrap().name, "west");
    assert!(material.set_for(Country::Lu).is_none());
    assert!(material.set_for(Country::Se).unwrap().tls.client_auth_cert_resolver.has_certs());
    assert_eq!(material.ring.newest().unwrap().id, "2026-02");
    assert_eq!(material.version, "v-1");
}

#[test]
fn keys_are_taken_as_pkcs8_as_sec1_and_as_pkcs1() {
    let elliptic = issued();
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &elliptic.key.serialize_der()).unwrap();
    let sec1: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().unwrap();
    let mut with_sec1 = set(&elliptic, &["SE"]);
    with_sec1["key_pem"] = pem("EC PRIVATE KEY", sec1.as_ref()).into();
    assert!(parse(&secret(&json!({"one": with_sec1})), CERTIFIED).is_ok());

    let rsa = issued_with(KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap());
    assert!(parse(&secret(&json!({"one": set(&rsa, &["SE"])})), CERTIFIED).is_ok());
    let mut with_pkcs1 = set(&rsa, &["SE"]);
    // PKCS#8 of an RSA key of 2048 bits is a head of 26 bytes and the PKCS#1 key.
    with_pkcs1["key_pem"] = pem("RSA PRIVATE KEY", &rsa.key.serialize_der()[26..]).into();
    assert!(parse(&secret(&json!({"one": with_pkcs1})), CERTIFIED).is_ok());
}

#[test]
fn a_key_that_is_not_the_leafs_is_refused_and_so_is_a_chain_out_of_order() {
    let (one, other) = (issued(), issued());
    let mut mixed = set(&one, &["SE"]);
    mixed["key_pem"] = other.key.serialize_pem().into();
    assert_eq!(
        parse(&secret(&json!({"one": mixed})), CERTIFIED).unwrap_err(),
        Fault::KeyMismatch("one".to_owned())
    );
    let mut reversed = set(&one, &["SE"]);
    reversed["chain_pem"] = format!("{}{}", one.ca, one.leaf).into();
    assert_eq!(
        parse(&secret(&json!({"one": reversed})), CERTIFIED).unwrap_err(),
        Fault::ChainOrder("one".to_owned())
    );
}

#[test]
fn a_country_stands_in_one_place_and_is_one_that_is_served() {
    let (one, two) = (issued(), issued());
    let twice = json!({"a": set(&one, &["SE"]), "b": set(&two, &["NL", "SE"])});
    assert_eq!(parse(&secret(&twice), CERTIFIED).unwrap_err(), Fault::CountryTwice("SE"));
    let unserved = parse(&secret(&json!({"a": set(&one, &["FI"])})), CERTIFIED).unwrap_err();
    assert_eq!(unserved, Fault::SetField { set: "a".to_owned(), field: "countries" });
}

#[test]
fn a_set_without_certificate_is_for_the_sandbox_only_and_half_a_one_for_nobody() {
    let mut bare = set(&issued(), &["SE"]);
    bare.as_object_mut().unwrap().retain(|name, _| name != "chain_pem" && name != "key_pem");
    let material = parse(&secret(&json!({"one": bare})), SANDBOX).unwrap();
    let found = material.set_for(Country::Se).unwrap();
    assert!(!found.tls.client_auth_cert_resolver.has_certs());
    assert_eq!(found.days_left(at("2026-06-01T00:00:00Z")), None);
    let wrong = |field| Fault::SetField { set: "one".to_owned(), field };
    assert_eq!(parse(&secret(&json!({"one": bare})), CERTIFIED).unwrap_err(), wrong("chain_pem"));
    for (dropped, demands) in [("key_pem", SANDBOX), ("chain_pem", SANDBOX), ("key_pem", CERTIFIED)] {
        let mut half = set(&issued(), &["SE"]);
        half.as_object_mut().unwrap().remove(dropped);
        assert_eq!(parse(&secret(&json!({"one": half})), demands).unwrap_err(), wrong(dropped));
    }
}

#[test]
fn the_banks_own_roots_take_the_place_of_the_webs() {
    let one = issued();
    for (trust, sound) in
        [(one.ca.as_str(), true), ("", false), ("no certificate", false), (&one.key.serialize_pem(), false)]
    {
        let mut with_trust = set(&one, &["SE"]);
        with_trust["trust_pem"] = trust.into();
        assert_eq!(parse(&secret(&json!({"one": with_trust})), CERTIFIED).is_ok(), sound, "{sound}");
    }
}

#[test]
fn days_are_counted_to_the_last_and_both_ends_belong_to_it() {
    let material = parse(&secret(&json!({"one": set(&issued(), &["SE"])})), CERTIFIED).unwrap();
    let days = |date| material.set_for(Country::Se).unwrap().days_left(at(date)).unwrap();
    assert_eq!(days("2026-12-22T00:00:00Z"), 10);
    assert_eq!(days("2026-12-31T12:00:00Z"), 0);
    assert_eq!(days("2027-01-02T12:00:00Z"), -2);
    assert_eq!(material.check_dates(at("2027-01-01T00:00:00Z")), Ok(()));
    for outside in [at("2027-01-01T00:00:00Z") + Span::seconds(1), at("2025-12-31T23:59:59Z")] {
        assert_eq!(material.check_dates(outside), Err(Fault::OutOfDate("one".to_owned())));
    }
}

#[test]
fn the_first_of_a_chain_to_end_ends_it_and_the_last_to_begin_begins_it() {
    let ends_first = issued_by(&authority((2020, 2027)), (2026, 2029), KeyPair::generate().unwrap());
    let begins_last = issued_by(&authority((2027, 2040)), (2026, 2029), KeyPair::generate().unwrap());
    let sets = json!({"short": set(&ends_first, &["SE"]), "new": set(&begins_last, &["NL"])});
    let material = parse(&secret(&sets), CERTIFIED).unwrap();
    let now = at("2026-12-22T00:00:00Z");
    assert_eq!(material.sets["short"].days_left(now), Some(10));
    assert_eq!(material.sets["new"].validity.unwrap().not_before, at("2027-01-01T00:00:00Z"));
    assert_eq!(material.days_left(now), Some(10), "the earliest counts");
    assert_eq!(material.check_dates(now), Err(Fault::OutOfDate("new".to_owned())));
}

#[test]
fn a_ca_of_the_same_name_with_another_key_does_not_complete_a_chain() {
    let (one, other) = (issued(), authority((2026, 2027)));
    let mut mixed = set(&one, &["SE"]);
    mixed["chain_pem"] = format!("{}{}", one.leaf, other.pem()).into();
    assert_eq!(
        parse(&secret(&json!({"one": mixed})), CERTIFIED).unwrap_err(),
        Fault::ChainOrder("one".to_owned())
    );
}

#[test]
fn what_is_wrong_is_named_and_nothing_of_it_is_quoted() {
    let sound = secret(&json!({"one": set(&issued(), &["SE"])}));
    for (pointer, value, named) in [
        ("/identity_key", json!(BASE64.encode(&[1; 31])), "identity_key"),
        ("/identity_key", json!("QUOTED!"), "identity_key"),
        ("/sealing_keys", json!([]), "sealing_keys"),
        ("/sealing_keys/0/key", json!("QUOTED"), "sealing_keys"),
        ("/sealing_keys/1/id", json!("2026-02"), "sealing_keys"),
        ("/sets", json!({}), "sets"),
        ("/sets/one/client_id", json!(""), "sets.one.client_id"),
        ("/sets/one/redirect_uri", json!("QUOTED"), "sets.one.redirect_uri"),
        ("/sets/one/chain_pem", json!("QUOTED"), "sets.one.chain_pem"),
        (
            "/sets/one/key_pem",
            json!("-----BEGIN PRIVATE KEY-----\nQUOTED\n-----END PRIVATE KEY-----\n"),
            "sets.one.key_pem",
        ),
        ("/sets/one/countries", json!(["QUOTED"]), "sets.one.countries"),
        ("/identity_key", json!({"QUOTED": 1}), "JSON"),
    ] {
        let mut broken = sound.clone();
        *broken.pointer_mut(pointer).unwrap() = value;
        let text = parse(&broken, CERTIFIED).unwrap_err().to_string();
        assert!(text.contains(named), "{pointer}: {text}");
        assert!(!text.contains("QUOTED"), "{text}");
    }
}

#[test]
fn the_material_shows_no_key_when_it_is_printed() {
    let one = issued();
    let printed = format!("{:?}", parse(&secret(&json!({"one": set(&one, &["SE"])})), CERTIFIED).unwrap());
    assert!(
        printed.contains("2026-02") && !printed.contains("client-1") && !printed.contains("BEGIN"),
        "{printed}"
    );
}
