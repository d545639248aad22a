//! The program that hunts: libFuzzer over the target named in `LIANDONG_FUZZ_TARGET`.
#![no_main]
#![allow(missing_docs, unsafe_code, reason = "the entry point is written by the engine's macro")]

use std::sync::LazyLock;

static TARGET: LazyLock<fuzz::Target> = LazyLock::new(|| {
    let name = std::env::var("LIANDONG_FUZZ_TARGET").unwrap_or_default();
    fuzz::of_name(&name).unwrap_or(fuzz::TARGETS[0])
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (TARGET.read)(bytes));
