//! The egglog engine behind a small C ABI. One instance holds one e-graph.
//!
//! The host writes text into memory that it got from `eg_alloc`, calls, and
//! reads the answer, JSON or arrays, from this memory. A panic, a deadline or
//! an exhausted memory ends a call by an exception that the host throws; the
//! host then puts back the last checkpoint of the memory.
mod arrays;
mod classes;
mod driver;
mod failure;
mod heap;
mod host;
mod json;
mod literals;
mod output;
mod report;
mod scan;
mod session;
mod terms;
mod warnings;

use crate::failure::Failure;
use crate::session::Session;
use egglog::{EGraph, SerializeConfig};
use std::cell::UnsafeCell;

#[global_allocator]
static HEAP: heap::Heap = heap::Heap::new();

/// Values of `mode` in `eg_open`.
const TERM_ENCODING: u32 = 1;
const PROOFS: u32 = 2;

struct Global<T>(UnsafeCell<T>);
// SAFETY: the module is built without threads.
unsafe impl<T> Sync for Global<T> {}

impl<T> Global<T> {
    #[allow(clippy::mut_from_ref)]
    fn get(&self) -> &mut T {
        // SAFETY: each export takes the reference once; the host does not re-enter.
        unsafe { &mut *self.0.get() }
    }
}

static SESSION: Global<Option<Session>> = Global(UnsafeCell::new(None));
static ANSWER: Global<String> = Global(UnsafeCell::new(String::new()));

fn session() -> &'static mut Session {
    SESSION.get().as_mut().expect("eg_open comes first")
}

/// SAFETY: `ptr` and `len` come from `eg_alloc`, and the host has written UTF-8 there.
unsafe fn take_text(ptr: *mut u8, len: usize) -> String {
    unsafe { String::from_utf8_unchecked(Vec::from_raw_parts(ptr, len, len)) }
}

/// Room for `len` bytes of text; the call that the text goes to frees it.
#[unsafe(no_mangle)]
pub extern "C" fn eg_alloc(len: usize) -> *mut u8 {
    let mut bytes: Vec<u8> = Vec::with_capacity(len);
    let ptr = bytes.as_mut_ptr();
    std::mem::forget(bytes);
    ptr
}

/// One past the last byte in use: what a checkpoint or a clone has to copy.
#[unsafe(no_mangle)]
pub extern "C" fn eg_heap_end() -> usize {
    HEAP.end()
}

#[unsafe(no_mangle)]
pub extern "C" fn eg_open(mode: u32, seminaive: u32, strict: u32) {
    host::report_panics();
    warnings::collect();
    let mut egraph = match mode {
        TERM_ENCODING => EGraph::new_with_term_encoding(),
        PROOFS => EGraph::new_with_proofs(),
        _ => EGraph::new(1),
    };
    egraph.seminaive = seminaive != 0;
    egraph.set_strict_mode(strict != 0);
    *SESSION.get() = Some(Session::new(egraph, mode == 0));
}

/// Allow names that the engine keeps for itself; its own desugared output needs them.
#[unsafe(no_mangle)]
pub extern "C" fn eg_allow_reserved_names() {
    session().egraph.ensure_no_reserved_symbols(false);
}

/// Give a text to `(include "name")`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eg_add_file(name: *mut u8, name_len: usize, text: *mut u8, text_len: usize) {
    let (name, text) = unsafe { (take_text(name, name_len), take_text(text, text_len)) };
    session().files.insert(name, text);
}

/// Forget the outputs of the last run; the host takes its checkpoint after this.
#[unsafe(no_mangle)]
pub extern "C" fn eg_begin() {
    session().begin();
}

/// The answer is the place of the command under way, for calls that were cut off.
#[unsafe(no_mangle)]
pub extern "C" fn eg_where() {
    let span = session().under_way.clone();
    answer(|out| {
        out.push('{');
        failure::write_place(out, &span);
        out.push('}');
    });
}

/// Run a program. The answer is `null` or the failure; `eg_outputs_*` has what
/// the commands said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eg_run(file: *mut u8, file_len: usize, text: *mut u8, text_len: usize) {
    let (file, text) = unsafe { (take_text(file, file_len), take_text(text, text_len)) };
    let session = session();
    let file = if file.is_empty() { None } else { Some(file) };
    let failure = session.run(file, &text).err();
    session.count_tuples();
    answer(|out| match failure {
        None => out.push_str("null"),
        Some(failure) => failure.write(out),
    });
}

/// Evaluate an expression, adding it if it is new. The answer is
/// `{"sort", "kind", "id" | "text"}` or `{"error": …}`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eg_eval(text: *mut u8, len: usize) {
    let text = unsafe { take_text(text, len) };
    let result = eval(session(), &text);
    session().count_tuples();
    answer(|out| {
        if let Err(failure) = result.map(|json| out.push_str(&json)) {
            out.push_str("{\"error\":");
            failure.write(out);
            out.push('}');
        }
    });
}

fn eval(session: &mut Session, text: &str) -> Result<String, Failure> {
    let wrap = |error| Failure::Engine(Box::new(error), egglog_ast::span::Span::Panic);
    if let Some(at) = scan::too_deep(text) {
        let message = format!("nested deeper than {} levels", scan::MAX_DEPTH);
        return Err(Failure::of_text("parse", message, None, text, at));
    }
    let expr = session.egraph.parser.get_expr_from_string(None, text);
    let expr = expr.map_err(|error| wrap(error.into()))?;
    let (sort, value) = session.egraph.eval_expr(&expr).map_err(wrap)?;
    let mut out = String::from("{");
    json::string_field(&mut out, "sort", sort.name());
    if sort.is_eq_sort() || sort.is_container_sort() {
        // "<sort>-<canonical id>"
        let class = session.egraph.value_to_class_id(&sort, value).to_string();
        let id = class.rsplit('-').next().unwrap_or_default();
        json::string_field(&mut out, "kind", if sort.is_eq_sort() { "class" } else { "container" });
        json::field(&mut out, "id", id);
    } else {
        json::string_field(&mut out, "kind", "literal");
        json::string_field(&mut out, "text", &literals::read(&session.egraph, &sort, value).0);
    }
    out.push('}');
    Ok(out)
}

/// The answer is the e-graph in egraph-serialize's JSON; `max_*` of 0 mean no limit.
#[unsafe(no_mangle)]
pub extern "C" fn eg_serialize(max_functions: usize, max_calls: usize) {
    let limit = |n| if n == 0 { None } else { Some(n) };
    let config = SerializeConfig {
        max_functions: limit(max_functions),
        max_calls_per_function: limit(max_calls),
        ..SerializeConfig::default()
    };
    let graph = session().egraph.serialize(config).egraph;
    *ANSWER.get() = serde_json::to_string(&graph).expect("an e-graph has a JSON form");
}

/// Build the arrays, and return a table of (address, element count) pairs in
/// the order of the fields of `Arrays`. It stays until `eg_arrays_free`.
#[unsafe(no_mangle)]
pub extern "C" fn eg_arrays() -> *const [u32; 2] {
    let session = session();
    session.arrays = None;
    let arrays = session.arrays.insert(arrays::build(&session.egraph, &session.declared));
    fn part<T>(v: &[T]) -> [u32; 2] {
        [v.as_ptr() as u32, v.len() as u32]
    }
    let table = TABLE.get();
    *table = [
        part(&arrays.node_op),
        part(&arrays.node_class),
        part(&arrays.node_cost),
        part(&arrays.node_flags),
        part(&arrays.child_start),
        part(&arrays.children),
        part(&arrays.class_sort),
        part(&arrays.class_id),
        part(&arrays.class_start),
        part(&arrays.class_literal),
        part(&arrays.literal_start),
        part(&arrays.literal_text),
        part(&arrays.literal_number),
        part(&arrays.names),
    ];
    table.as_ptr()
}

static TABLE: Global<[[u32; 2]; 14]> = Global(UnsafeCell::new([[0; 2]; 14]));

#[unsafe(no_mangle)]
pub extern "C" fn eg_arrays_free() {
    session().arrays = None;
}

fn answer(write: impl FnOnce(&mut String)) {
    let out = ANSWER.get();
    out.clear();
    write(out);
}

#[unsafe(no_mangle)]
pub extern "C" fn eg_answer_ptr() -> *const u8 {
    ANSWER.get().as_ptr()
}

#[unsafe(no_mangle)]
pub extern "C" fn eg_answer_len() -> usize {
    ANSWER.get().len()
}

/// Free a large answer once it has been read.
#[unsafe(no_mangle)]
pub extern "C" fn eg_answer_free() {
    *ANSWER.get() = String::new();
}

#[unsafe(no_mangle)]
pub extern "C" fn eg_outputs_ptr() -> *const u8 {
    session().outputs.as_ptr()
}

#[unsafe(no_mangle)]
pub extern "C" fn eg_outputs_len() -> usize {
    session().outputs.len()
}

#[unsafe(no_mangle)]
pub extern "C" fn eg_commands_done() -> usize {
    session().commands_done
}

/// Tuples in all tables when last counted.
#[unsafe(no_mangle)]
pub extern "C" fn eg_tuples() -> usize {
    session().tuples
}

/// The answer is a JSON list of the engine's warnings since the last call.
#[unsafe(no_mangle)]
pub extern "C" fn eg_take_warnings() -> usize {
    let taken = warnings::take();
    answer(|out| json::list(out, &taken, |out, text| json::string(out, text)));
    taken.len()
}

/// What is in here; `tests/manifest.test.ts` compares it with the manifest.
#[unsafe(no_mangle)]
pub extern "C" fn eg_versions() {
    answer(|out| {
        out.push('{');
        json::string_field(out, "package", env!("CARGO_PKG_VERSION"));
        json::string_field(out, "egglog", env!("EGGLOG_VERSION"));
        json::string_field(out, "inputs", env!("INPUTS_SHA256"));
        out.push('}');
    });
}
