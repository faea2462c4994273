//! A chain as an operator may have pasted it: instead of a good one, before it, and after it.

use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use shared::secrets::{Demands, Material};
use std::sync::LazyLock;

/// A certificate and its key, made anew for each process.
static GOOD: LazyLock<(String, String)> = LazyLock::new(|| {
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec![]).and_then(|params| params.self_signed(&key));
    (certificate.expect("a certificate").pem(), key.serialize_pem())
});

pub(crate) fn chain(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let (certificate, key) = &*GOOD;
    let own: String = key.lines().filter(|line| !line.starts_with("---")).collect();
    for chain in [text.to_owned(), format!("{text}\n{certificate}"), format!("{certificate}\n{text}")] {
        let set = json!({
            "client_id": "c", "redirect_uri": "https://service.example/v1/callback", "countries": ["SE"],
            "chain_pem": chain, "key_pem": key,
        });
        let ring = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
        let secret = json!({
            "identity_key": ring, "sealing_keys": [{"id": "k1", "key": ring}], "sets": {"main": set},
        });
        let demands = Demands { certificate_required: true, client_id_required: true };
        let read = Material::parse(&secret.to_string(), "v1", demands);
        // The key is the leaf's: without a good certificate first, no set is good.
        assert!(read.is_err() || chain.contains(certificate.trim()), "a stranger's certificate was taken");
        if let Err(fault) = read {
            assert!(!format!("{fault} {fault:?}").contains(&own), "a key is never printed");
        }
    }
}
