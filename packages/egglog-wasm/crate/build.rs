//! Link options of the module, and what it says about itself.
use std::fs;

/// Below the data, so that an overflow is an access below address 0: a trap.
const STACK_BYTES: usize = 4 << 20;
/// `FIRST_PAGES` in src/engine.ts.
const INITIAL_MEMORY_BYTES: usize = 8 << 20;
const MAX_MEMORY_BYTES: usize = 4 << 30;

fn main() {
    let arguments = [
        "--import-memory".to_owned(),
        // Function names: an eighth of the file.
        "--strip-all".to_owned(),
        "--export=__stack_pointer".to_owned(),
        "--export=__heap_base".to_owned(),
        format!("-zstack-size={STACK_BYTES}"),
        format!("--initial-memory={INITIAL_MEMORY_BYTES}"),
        format!("--max-memory={MAX_MEMORY_BYTES}"),
    ];
    for argument in arguments {
        println!("cargo:rustc-cdylib-link-arg={argument}");
    }
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=Cargo.lock");
    println!("cargo:rerun-if-env-changed=INPUTS_SHA256");
    let lock = fs::read_to_string("Cargo.lock").expect("Cargo.lock is committed");
    let version = locked_version(&lock, "egglog").expect("egglog is locked");
    println!("cargo:rustc-env=EGGLOG_VERSION={version}");
    let inputs = std::env::var("INPUTS_SHA256").unwrap_or_else(|_| "unrecorded".to_owned());
    println!("cargo:rustc-env=INPUTS_SHA256={inputs}");
}

fn locked_version<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let entry = lock.split(&format!("name = \"{name}\"\nversion = \"")).nth(1)?;
    entry.split('"').next()
}
