//! Run reports as JSON: per rule, per ruleset, per step.
use crate::json;
use egglog_reports::RunReport;
use std::collections::BTreeSet;

/// One iteration of one ruleset, as the driver saw it.
pub struct Step {
    pub ruleset: String,
    pub updated: bool,
    pub tuples: usize,
    pub ms: f64,
}

pub fn write(out: &mut String, report: &RunReport, steps: &[Step]) {
    json::field(out, "updated", report.updated);
    json::field(out, "canStop", report.can_stop);
    json::field(out, "iterations", report.iterations.len());
    let ms = |time: Option<&std::time::Duration>| time.map_or(0.0, |t| t.as_secs_f64() * 1000.0);

    // The engine keeps these in hash maps; names in order make equal runs print alike.
    let rules: BTreeSet<_> = report.num_matches_per_rule.keys().collect();
    json::key(out, "rules");
    json::list(out, rules, |out, rule| {
        out.push('{');
        json::string_field(out, "name", rule);
        json::field(out, "matches", report.num_matches_per_rule[rule]);
        json::field(out, "searchMs", ms(report.search_and_apply_time_per_rule.get(rule)));
        out.push('}');
    });
    let rulesets: BTreeSet<_> = report.search_and_apply_time_per_ruleset.keys().collect();
    json::key(out, "rulesets");
    json::list(out, rulesets, |out, name| {
        out.push('{');
        json::string_field(out, "name", name);
        json::field(out, "searchMs", ms(report.search_and_apply_time_per_ruleset.get(name)));
        json::field(out, "mergeMs", ms(report.merge_time_per_ruleset.get(name)));
        json::field(out, "rebuildMs", ms(report.rebuild_time_per_ruleset.get(name)));
        out.push('}');
    });
    json::key(out, "steps");
    json::list(out, steps, |out, step| {
        out.push('{');
        json::string_field(out, "ruleset", &step.ruleset);
        json::field(out, "updated", step.updated);
        json::field(out, "tuples", step.tuples);
        json::field(out, "ms", step.ms);
        out.push('}');
    });
}
