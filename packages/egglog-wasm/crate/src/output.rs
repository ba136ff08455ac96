//! Command outputs as JSON objects, one kind each.
use crate::json;
use crate::report;
use crate::terms::TermList;
use egglog::{CommandOutput, TermDag, TermId};

/// Append an output of the engine. `size_of` names the table of a `print-size`.
pub fn write(out: &mut String, output: &CommandOutput, size_of: Option<&str>) {
    out.push('{');
    match output {
        CommandOutput::PrintFunctionSize(size) => {
            json::string_field(out, "kind", "print-size");
            json::string_field(out, "of", size_of.unwrap_or_default());
            write_sizes(out, [(size_of.unwrap_or_default(), *size)]);
        }
        CommandOutput::PrintAllFunctionsSize(sizes) => {
            json::string_field(out, "kind", "print-size");
            write_sizes(out, sizes.iter().map(|(name, size)| (name.as_str(), *size)));
        }
        CommandOutput::ExtractBest(dag, cost, root) => write_best(out, dag, *cost, *root),
        CommandOutput::ExtractVariants(dag, roots) => {
            write_variants(out, dag, roots.iter().map(|root| (None, *root)))
        }
        CommandOutput::PrintFunction(function, dag, rows, _) => {
            json::string_field(out, "kind", "print-function");
            json::string_field(out, "name", function.name());
            json::string_field(out, "output", function.func_type().output.name());
            let mut terms = TermList::default();
            json::key(out, "rows");
            json::list(out, rows, |out, (row, value)| {
                let (row, value) = (terms.add(dag, *row), terms.add(dag, *value));
                json::list(out, [row, value], |out, n| out.push_str(&n.to_string()));
            });
            write_terms(out, terms);
        }
        CommandOutput::OverallStatistics(report) => {
            json::string_field(out, "kind", "statistics");
            report::write(out, report, &[]);
        }
        CommandOutput::RunSchedule(report) => {
            json::string_field(out, "kind", "run");
            report::write(out, report, &[]);
        }
        CommandOutput::ProveExists { .. } => {
            json::string_field(out, "kind", "proof");
            json::string_field(out, "text", &output.to_string());
        }
        CommandOutput::UserDefined(_) => {
            json::string_field(out, "kind", "text");
            json::string_field(out, "text", &output.to_string());
        }
    }
    out.push('}');
}

fn write_sizes<'a>(out: &mut String, sizes: impl IntoIterator<Item = (&'a str, usize)>) {
    json::key(out, "sizes");
    json::list(out, sizes, |out, (name, size)| {
        out.push('{');
        json::string_field(out, "name", name);
        json::field(out, "size", size);
        out.push('}');
    });
}

/// The fields of an `extract` of the best term.
pub fn write_best(out: &mut String, dag: &TermDag, cost: u64, root: TermId) {
    let mut terms = TermList::default();
    json::string_field(out, "kind", "extract");
    json::field(out, "cost", cost);
    json::field(out, "root", terms.add(dag, root));
    write_terms(out, terms);
}

/// The fields of an `extract` of several terms.
pub fn write_variants(
    out: &mut String,
    dag: &TermDag,
    variants: impl IntoIterator<Item = (Option<u64>, TermId)>,
) {
    let mut terms = TermList::default();
    json::string_field(out, "kind", "extract-variants");
    json::key(out, "variants");
    json::list(out, variants, |out, (cost, root)| {
        out.push('{');
        if let Some(cost) = cost {
            json::field(out, "cost", cost);
        }
        json::field(out, "root", terms.add(dag, root));
        out.push('}');
    });
    write_terms(out, terms);
}

fn write_terms(out: &mut String, terms: TermList) {
    json::key(out, "terms");
    out.push('[');
    out.push_str(&terms.finish());
    out.push(']');
}
