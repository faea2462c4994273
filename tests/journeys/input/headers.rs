//! Mistakes in headers: `PSU-IP-Address` and `Idempotency-Key`.

use super::{Call, Case, WellFormed};
use crate::world::client::ADDRESS;

/// Headers that name an address of whoever comes through a proxy. None of them is the PSU's word for anything.
pub(super) const FORWARDED: [(&str, &str); 6] = [
    ("forwarded", "for=198.51.100.9"),
    ("x-forwarded-for", "198.51.100.9"),
    ("x-real-ip", "198.51.100.9"),
    ("true-client-ip", "198.51.100.9"),
    ("x-client-ip", "198.51.100.9"),
    ("x-psu-ip-address", "198.51.100.9"),
];

/// Addresses, but of nobody on the public network.
const NOT_PUBLIC: [&str; 4] = [
    // private, loopback, link-local, carrier-grade NAT
    "10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254 192.168.0.1 127.0.0.1 127.8.8.8 169.254.0.1 169.254.169.254 \
     100.64.0.1 100.127.255.254",
    // multicast, unspecified and its network, broadcast
    "224.0.0.1 239.255.255.250 0.0.0.0 0.1.2.3 255.255.255.255",
    ":: ::1 0:0:0:0:0:0:0:1 fe80::1 febf::1 fc00::1 fd12:3456::1 ff02::1 ff0e::1",
    // the same, written as IPv6
    "::ffff:10.0.0.1 ::ffff:127.0.0.1 ::ffff:100.64.0.1 ::ffff:169.254.169.254 ::ffff:0.0.0.0 ::ffff:7f00:1",
];

/// Not one address.
const NOT_AN_ADDRESS: [&str; 3] = [
    "203.0.113.7,203.0.113.8 203.0.113.7; ,203.0.113.7 203.0.113.7,10.0.0.1 203.0.113.7, for=203.0.113.7 \
     \"203.0.113.7\" 203.0.113.7:443 [2001:db8::1] [2001:db8::1]:443 203.0.113.7/32 2001:db8::/32",
    "fe80::1%eth0 2001:db8::1%1 203.0.113 203.0.113.256 203.0.113.7.9 203.0.113.07 0xcb007107 3405803783 \
     2001:db8::1::2 2001:db8:1:2:3:4:5:6:7 2001:db8::g",
    "unknown localhost canary-9471.example null ２０３.0.113.7",
];

/// The same with blanks inside, or nothing at all.
const WITH_BLANKS: [&str; 4] =
    ["", "203.0.113.7, 203.0.113.8", "203.0.113.7 203.0.113.8", "203.0.113.7\tcanary-9471"];

/// What is no key: 8 to 128 visible ASCII characters without a comma.
const KEYS: &[&str] = &[
    "",
    "1234567",
    "canary 9471",
    "canary,9471",
    "canary-9471,canary-9471",
    "canary\t9471",
    "nyckel-åäö-9471",
    "canary-9471\u{1f600}",
    ",,,,,,,,,,",
];

pub(super) fn cases(well_formed: &WellFormed) -> Vec<Case> {
    let mut cases = Vec::new();
    let (registering, choosing) = (&well_formed.start, &well_formed.choose_decoupled);
    for start in [registering, choosing] {
        keys(&mut cases, start);
        let absent = start.clone().without("psu-ip-address");
        cases.push(Case::field("no PSU-IP-Address", absent.clone(), "PSU-IP-Address"));
        for (name, value) in FORWARDED {
            cases.push(
                Case::field(format!("{name} instead"), absent.clone().and(name, value), "PSU-IP-Address")
                    .hides(value),
            );
        }
    }
    for call in [registering, choosing].into_iter().chain(&well_formed.reads) {
        addresses(&mut cases, call);
    }
    cases
}

fn keys(cases: &mut Vec<Case>, start: &Call) {
    let field = "Idempotency-Key";
    let long = "canary-".repeat(19);
    for key in KEYS.iter().copied().chain([long.get(..129).unwrap()]) {
        let call = start.clone().header("idempotency-key", key);
        cases.push(Case::field(format!("Idempotency-Key {key:?}"), call, field).hides(key));
    }
    cases.push(Case::field("no Idempotency-Key", start.clone().without("idempotency-key"), field));
    for second in ["canary-9471", "canary-9472"] {
        let call = start.clone().header("idempotency-key", "canary-9471").and("idempotency-key", second);
        cases.push(Case::field(format!("canary-9471 and {second}"), call, field).hides("canary-947"));
    }
}

fn addresses(cases: &mut Vec<Case>, call: &Call) {
    let field = "PSU-IP-Address";
    let lists = NOT_PUBLIC.iter().chain(&NOT_AN_ADDRESS);
    for address in lists.flat_map(|list| list.split(' ')).chain(WITH_BLANKS) {
        let call = call.clone().header("psu-ip-address", address);
        cases.push(Case::field(format!("PSU-IP-Address {address:?}"), call, field).hides(address));
    }
    for second in [ADDRESS, "203.0.113.8", "10.0.0.1", "2001:db8::1"] {
        let call = call.clone().header("psu-ip-address", ADDRESS).and("psu-ip-address", second);
        cases.push(Case::field(format!("{ADDRESS} and {second}"), call, field).hides(ADDRESS).hides(second));
    }
}
