//! `egglog-native-bench REPEATS FILE…`: for each file one line of JSON with the
//! milliseconds of processor time of each run in a new e-graph, on one thread.
use egglog::EGraph;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

/// On 64-bit Linux.
const CLOCK_THREAD_CPUTIME_ID: i32 = 3;

unsafe extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

fn thread_ms() -> f64 {
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: the struct is the C library's timespec.
    let failed = unsafe { clock_gettime(CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(failed, 0, "this machine has no clock per thread");
    time.seconds as f64 * 1e3 + time.nanoseconds as f64 / 1e6
}

fn main() {
    let mut args = std::env::args().skip(1);
    let repeats: usize = args.next().and_then(|n| n.parse().ok()).expect("REPEATS");
    for file in args {
        let text = std::fs::read_to_string(&file).expect("a readable file");
        let mut times = Vec::new();
        let mut tuples = 0;
        for _ in 0..repeats {
            let mut egraph = EGraph::new(1);
            let start = thread_ms();
            egraph.parse_and_run_program(None, &text).expect("a program that runs");
            times.push(thread_ms() - start);
            tuples = egraph.num_tuples();
        }
        println!("{{\"ms\":{times:?},\"tuples\":{tuples}}}");
    }
}
