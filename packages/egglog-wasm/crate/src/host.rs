//! What the module asks of its host, and the panic hook that reports there.
//! Together with `now` in `web-time/`, and the memory, this is the whole import list.

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    fn poll();
    fn safepoint(tuples: f64) -> u32;
    fn panic(text: *const u8, len: usize) -> !;
    fn out_of_memory(wanted: usize) -> !;
}

/// Why the host wants a run to stop; 0 on the wire means "go on".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Time,
    Nodes,
    Memory,
    Cancelled,
}

impl Limit {
    pub fn name(self) -> &'static str {
        match self {
            Limit::Time => "time",
            Limit::Nodes => "nodes",
            Limit::Memory => "memory",
            Limit::Cancelled => "cancelled",
        }
    }
}

/// Called where the e-graph is consistent. The host may copy the memory as a
/// checkpoint here. `tuples` is the size of the database, if it was counted.
pub fn at_safepoint(tuples: Option<usize>) -> Result<(), Limit> {
    // SAFETY: a number in, a number out.
    match unsafe { safepoint(tuples.map_or(-1.0, |n| n as f64)) } {
        0 => Ok(()),
        1 => Err(Limit::Time),
        2 => Err(Limit::Nodes),
        3 => Err(Limit::Memory),
        _ => Err(Limit::Cancelled),
    }
}

/// Called in the middle of work; the host throws when a deadline has passed.
pub fn check_deadline() {
    // SAFETY: no arguments, no result.
    unsafe { poll() }
}

/// The allocator could not get `wanted` bytes. The host throws.
pub fn memory_exhausted(wanted: usize) -> ! {
    // SAFETY: the host throws, so control does not come back.
    unsafe { out_of_memory(wanted) }
}

/// Hand every panic's message to the host, which throws it as an error.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        let text = info.to_string();
        // SAFETY: the text outlives the call; the host reads it and throws.
        unsafe { panic(text.as_ptr(), text.len()) }
    }));
}

/// `getrandom` is in the dependency tree and never called: an engine that drew
/// random numbers would not be deterministic, so there are none to draw.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    _dest: *mut u8,
    _len: usize,
) -> Result<(), getrandom::Error> {
    Err(getrandom::Error::UNSUPPORTED)
}
