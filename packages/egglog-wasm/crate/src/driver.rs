//! Runs program text command by command, and schedules step by step, with a
//! safepoint before each: the engine itself has no limits.
use crate::failure::{Failure, command_span, schedule_span};
use crate::host::{Limit, at_safepoint};
use crate::report::{self, Step};
use crate::scan;
use crate::session::Session;
use crate::{json, output};
use egglog::ast::{Command, Expr, GenericCommand, RunConfig, Schedule, Subdatatypes};
use egglog::extract::{Extractor, TreeAdditiveCostModel};
use egglog::{CommandOutput, Error, TermDag, TypeError};
use egglog_ast::span::Span;
use egglog_reports::RunReport;
use web_time::Instant;

type Outcome<T> = Result<T, Failure>;

impl Session {
    /// Run a program. On failure the commands before it have been carried out.
    pub fn run(&mut self, file: Option<String>, text: &str) -> Outcome<()> {
        let commands = self.parse(file, text)?;
        for command in commands {
            let span = command_span(&command);
            at_safepoint(None).map_err(|limit| Failure::Limit(limit, span.clone()))?;
            self.under_way = span.clone();
            self.run_command(command, span)?;
            self.commands_done += 1;
        }
        Ok(())
    }

    fn parse(&mut self, file: Option<String>, text: &str) -> Outcome<Vec<Command>> {
        if let Some(at) = scan::too_deep(text) {
            let message = format!("nested deeper than {} levels", scan::MAX_DEPTH);
            return Err(Failure::of_text("parse", message, file, text, at));
        }
        let parsed = self.egraph.parse_program(file, text);
        parsed.map_err(|error| Failure::Engine(Box::new(error), Span::Panic))
    }

    fn run_command(&mut self, command: Command, span: Span) -> Outcome<()> {
        note_declarations(&mut self.declared, &command);
        match command {
            GenericCommand::Include(span, name) => {
                let Some(text) = self.files.get(&name).cloned() else {
                    let message = format!("no file {name:?} among the files given");
                    return Err(Failure::Driver("file", message, span));
                };
                self.run(Some(name), &text)
            }
            GenericCommand::RunSchedule(schedule) => self.run_schedule_command(schedule),
            GenericCommand::Extract(_, expr, variants) if self.plain => {
                self.extract(&expr, &variants).map_err(|error| Failure::Engine(Box::new(error), span))
            }
            GenericCommand::Check(..) => {
                self.pass_on(command, span)?;
                self.say(|out| out.push_str("{\"kind\":\"check\"}"));
                Ok(())
            }
            other => self.pass_on(other, span),
        }
    }

    /// Let the engine run one command, and keep what it says.
    fn pass_on(&mut self, command: Command, span: Span) -> Outcome<()> {
        let size_of = match &command {
            GenericCommand::PrintSize(_, name) => name.clone(),
            _ => None,
        };
        for said in self.engine(command, span)? {
            self.say(|out| output::write(out, &said, size_of.as_deref()));
        }
        Ok(())
    }

    fn engine(&mut self, command: Command, span: Span) -> Outcome<Vec<CommandOutput>> {
        let result = self.egraph.run_program(vec![command]);
        result.map_err(|error| Failure::Engine(Box::new(error), span))
    }

    /// As the engine's own `extract`, but the costs of variants are kept.
    fn extract(&mut self, expr: &Expr, variants: &Expr) -> Result<(), Error> {
        let (sort, value) = self.egraph.eval_expr(expr)?;
        let (count_sort, count) = self.egraph.eval_expr(variants)?;
        if count_sort.name() != "i64" {
            let expected = self.egraph.get_arcsort_for_value_type::<i64>();
            let expr = variants.clone();
            return Err(TypeError::Mismatch { expr, expected, actual: count_sort }.into());
        }
        let count: i64 = self.egraph.value_to_base(count);
        if count < 0 {
            let text = "cannot extract a negative number of variants";
            return Err(Error::ExtractError(text.to_owned()));
        }
        let model = TreeAdditiveCostModel::default();
        let extractor = Extractor::compute_costs_from_rootsorts(Some(vec![sort]), &self.egraph, model);
        let mut dag = TermDag::default();
        if count > 0 {
            let found = extractor.extract_variants(&self.egraph, &mut dag, value, count as usize);
            self.say(|out| {
                out.push('{');
                output::write_variants(out, &dag, found.iter().map(|(cost, root)| (Some(*cost), *root)));
                out.push('}');
            });
            return Ok(());
        }
        let Some((cost, root)) = extractor.extract_best(&self.egraph, &mut dag, value) else {
            let text = "no term can be extracted: every candidate is subsumed, deleted or unextractable";
            return Err(Error::ExtractError(text.to_owned()));
        };
        self.say(|out| {
            out.push('{');
            output::write_best(out, &dag, cost, root);
            out.push('}');
        });
        Ok(())
    }

    fn run_schedule_command(&mut self, schedule: Schedule) -> Outcome<()> {
        let span = schedule_span(&schedule);
        // Zero repeats: type-checks the whole schedule as the engine would, before any step.
        let checked = Schedule::Repeat(span.clone(), 0, Box::new(schedule.clone()));
        self.engine(GenericCommand::RunSchedule(checked), span)?;

        let mut run = Run::default();
        let result = self.run_schedule(&schedule, &mut run);
        let stopped = match &result {
            Err(Failure::Limit(limit, _)) => Some(*limit),
            _ => None,
        };
        self.say(|out| run.write(out, stopped));
        result.map(|_| ())
    }

    /// The engine's schedule semantics, one step at a time.
    fn run_schedule(&mut self, schedule: &Schedule, run: &mut Run) -> Outcome<Progress> {
        let mut progress = Progress { updated: false, can_stop: true };
        match schedule {
            Schedule::Run(span, config) => progress = self.step(span, config, run)?,
            Schedule::Repeat(_, times, inner) => {
                for _ in 0..*times {
                    let latest = self.run_schedule(inner, run)?;
                    progress.union(latest);
                    if latest.can_stop {
                        break;
                    }
                }
            }
            Schedule::Saturate(_, inner) => loop {
                let latest = self.run_schedule(inner, run)?;
                progress.union(latest);
                if !latest.updated {
                    break;
                }
            },
            Schedule::Sequence(_, parts) => {
                for part in parts {
                    progress.union(self.run_schedule(part, run)?);
                }
            }
        }
        Ok(progress)
    }

    fn step(&mut self, span: &Span, config: &RunConfig, run: &mut Run) -> Outcome<Progress> {
        at_safepoint(Some(self.count_tuples())).map_err(|limit| Failure::Limit(limit, span.clone()))?;
        let start = Instant::now();
        let command = GenericCommand::RunSchedule(Schedule::Run(span.clone(), config.clone()));
        let mut progress = Progress { updated: false, can_stop: true };
        for said in self.engine(command, span.clone())? {
            if let CommandOutput::RunSchedule(report) = said {
                // Proof encoding makes several schedules of one.
                progress.union(Progress { updated: report.updated, can_stop: report.can_stop });
                run.report.union(report);
            }
        }
        run.steps.push(Step {
            ruleset: config.ruleset.clone(),
            updated: progress.updated,
            tuples: self.count_tuples(),
            ms: start.elapsed().as_secs_f64() * 1000.0,
        });
        Ok(progress)
    }

    pub fn count_tuples(&mut self) -> usize {
        self.tuples = self.egraph.num_tuples();
        self.tuples
    }
}

#[derive(Clone, Copy)]
struct Progress {
    updated: bool,
    can_stop: bool,
}

impl Progress {
    fn union(&mut self, other: Progress) {
        self.updated |= other.updated;
        self.can_stop &= other.can_stop;
    }
}

#[derive(Default)]
struct Run {
    report: RunReport,
    steps: Vec<Step>,
}

impl Run {
    fn write(&self, out: &mut String, stopped: Option<Limit>) {
        out.push('{');
        json::string_field(out, "kind", "run");
        if let Some(limit) = stopped {
            json::string_field(out, "stopped", limit.name());
        }
        report::write(out, &self.report, &self.steps);
        out.push('}');
    }
}

fn note_declarations(declared: &mut crate::session::Declared, command: &Command) {
    match command {
        GenericCommand::Relation { name, .. } => {
            declared.relations.insert(name.clone());
        }
        GenericCommand::Constructor { name, unextractable: true, .. }
        | GenericCommand::Function { name, unextractable: true, .. } => {
            declared.unextractable.insert(name.clone());
        }
        GenericCommand::Datatype { variants, .. } => {
            let hidden = variants.iter().filter(|v| v.unextractable);
            declared.unextractable.extend(hidden.map(|v| v.name.clone()));
        }
        GenericCommand::Datatypes { datatypes, .. } => {
            for (_, _, kind) in datatypes {
                if let Subdatatypes::Variants(variants) = kind {
                    let hidden = variants.iter().filter(|v| v.unextractable);
                    declared.unextractable.extend(hidden.map(|v| v.name.clone()));
                }
            }
        }
        _ => {}
    }
}
