//! Primitive values as text, and as a number where they have one.
use egglog::sort::{F, S};
use egglog::{ArcSort, Core, EGraph, TermDag, Value};

/// The text is as in a program, except that strings have no quotes.
/// The number is NaN for what is not i64, f64 or bool; an i64 beyond 2^53 is rounded.
pub fn read(egraph: &EGraph, sort: &ArcSort, value: Value) -> (String, f64) {
    match sort.name() {
        "i64" => {
            let n: i64 = egraph.value_to_base(value);
            (n.to_string(), n as f64)
        }
        "f64" => {
            let x = egraph.value_to_base::<F>(value).into_inner().into_inner();
            (format!("{x:?}"), x)
        }
        "bool" => {
            let b: bool = egraph.value_to_base(value);
            (b.to_string(), if b { 1.0 } else { 0.0 })
        }
        "String" => (egraph.value_to_base::<S>(value).into_inner(), f64::NAN),
        "Unit" => ("()".to_owned(), f64::NAN),
        _ => {
            let mut dag = TermDag::default();
            let term = egraph
                .read(|state| sort.reconstruct_termdag_base(state.base_values(), value, &mut dag));
            (dag.to_string(term), f64::NAN)
        }
    }
}
