//! The secret as an operator may have written it: its shape, its keys, its chains.

use shared::secrets::{Demands, Material};

pub(crate) fn secret(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    for certificate_required in [true, false] {
        match Material::parse(text, "v1", Demands { certificate_required, client_id_required: true }) {
            Ok(material) => assert!(!material.sets.is_empty() && material.ring.newest().is_some()),
            // What is wrong is said without a value of the secret.
            Err(fault) => assert!(format!("{fault} {fault:?}").len() < 300 + 8 * input.len()),
        }
    }
}
