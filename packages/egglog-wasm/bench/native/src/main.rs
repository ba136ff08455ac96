//! `egglog-native-bench REPEATS FILE…`: for each file one line of JSON with the
//! milliseconds of each run in a new e-graph, on one thread.
use egglog::EGraph;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut args = std::env::args().skip(1);
    let repeats: usize = args.next().and_then(|n| n.parse().ok()).expect("REPEATS");
    for file in args {
        let text = std::fs::read_to_string(&file).expect("a readable file");
        let mut times = Vec::new();
        let mut tuples = 0;
        for _ in 0..repeats {
            let mut egraph = EGraph::new(1);
            let start = Instant::now();
            egraph.parse_and_run_program(None, &text).expect("a program that runs");
            times.push(start.elapsed().as_secs_f64() * 1000.0);
            tuples = egraph.num_tuples();
        }
        println!("{{\"ms\":{times:?},\"tuples\":{tuples}}}");
    }
}
