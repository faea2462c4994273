//! The fuzzer's entry point: `make fuzz`. Which target, `FUZZ_TARGET` says. Built in any other way it does nothing.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
mod entry {
    #![allow(unsafe_code, reason = "the fuzzer calls an unmangled symbol")]

    use std::sync::LazyLock;

    static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        let target = fuzz::TARGETS.iter().find(|target| target.name == name);
        target.unwrap_or_else(|| panic!("FUZZ_TARGET is none of the targets: {name}")).run
    });

    libfuzzer_sys::fuzz_target!(|input: &[u8]| TARGET(input));
}

#[cfg(not(fuzzing))]
fn main() {
    let names: Vec<_> = fuzz::TARGETS.iter().map(|target| target.name).collect();
    println!("make fuzz runs {}", names.join(", "));
}
