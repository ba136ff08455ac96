//! What can end a run, with the place in the program text.
use crate::host::Limit;
use crate::json;
use egglog::ast::{Command, GenericAction, GenericCommand, ParseError};
use egglog::{Error, TypeError};
use egglog_ast::span::{EgglogSpan, Span, SrcFile};
use std::sync::Arc;

/// Longer messages are cut: some quote the program back.
const MAX_TEXT: usize = 4000;

pub enum Failure {
    /// The engine's own error, and the command that was running.
    Engine(Box<Error>, Span),
    /// An error of the driver.
    Driver(&'static str, String, Span),
    Limit(Limit, Span),
}

impl Failure {
    pub fn of_text(kind: &'static str, message: String, file: Option<String>, text: &str, at: usize) -> Self {
        let source = SrcFile { name: file, contents: text.to_owned() };
        let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
        let span = EgglogSpan { file: Arc::new(source), i: at, j: end };
        Failure::Driver(kind, message, Span::Egglog(Arc::new(span)))
    }

    pub fn write(&self, out: &mut String) {
        out.push('{');
        let span = match self {
            Failure::Engine(error, command) => {
                let own = span_of(error).filter(|s| matches!(s, Span::Egglog(_)));
                write_engine_error(out, error, own.as_ref());
                own.unwrap_or_else(|| command.clone())
            }
            Failure::Driver(kind, message, span) => {
                json::string_field(out, "kind", kind);
                json::string_field(out, "message", cut(message));
                span.clone()
            }
            Failure::Limit(limit, span) => {
                json::string_field(out, "kind", "limit");
                json::string_field(out, "limit", limit.name());
                json::string_field(out, "message", &format!("stopped at the {} limit", limit.name()));
                span.clone()
            }
        };
        write_place(out, &span);
        out.push('}');
    }
}

fn write_engine_error(out: &mut String, error: &Error, span: Option<&Span>) {
    let text = error.to_string();
    let prefix = span.map(|s| format!("{s}\n")).unwrap_or_default();
    // Some texts have a heading or another place before their own place.
    let message = match text.split_once(&prefix) {
        Some((_, message)) if !prefix.is_empty() => message,
        _ => &text,
    };
    json::string_field(out, "kind", kind_of(error));
    json::string_field(out, "message", cut(message.trim()));
    json::string_field(out, "text", cut(&text));
}

fn cut(text: &str) -> &str {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// Lines and columns count from 1, columns and offsets in UTF-16 units.
pub fn write_place(out: &mut String, span: &Span) {
    let Span::Egglog(span) = span else { return };
    let text = &span.file.contents;
    let before = &text[..span.i];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    let units = |s: &str| s.encode_utf16().count();
    let offset = units(before);
    json::field(out, "line", before.matches('\n').count() + 1);
    json::field(out, "column", units(&before[line_start..]) + 1);
    json::field(out, "offset", offset);
    json::field(out, "length", units(&text[span.i..span.j]));
    if let Some(name) = &span.file.name {
        json::string_field(out, "file", name);
    }
}

fn kind_of(error: &Error) -> &'static str {
    match error {
        Error::ParseError(_) | Error::DesugarError(..) => "parse",
        Error::TypeError(_) | Error::TypeErrors(_) | Error::Shadowing(..) => "type",
        Error::RuleAlreadyExists(..)
        | Error::CommandAlreadyExists(..)
        | Error::NoSuchRuleset(..)
        | Error::CombinedRulesetError(..)
        | Error::SubsumeMergeError(..) => "declaration",
        Error::CheckError(..) => "check",
        Error::ExpectFail(_) => "expected-failure",
        Error::ExtractError(_) => "extract",
        Error::IoError(..) | Error::InputFileFormatError(_) | Error::UnsupportedInputType(..) => "file",
        _ => "run",
    }
}

fn span_of(error: &Error) -> Option<Span> {
    Some(match error {
        Error::ParseError(ParseError(span, _)) => span.clone(),
        Error::TypeError(error) => return type_error_span(error),
        Error::TypeErrors(errors) => return errors.first().and_then(type_error_span),
        Error::CheckError(_, span)
        | Error::NoSuchRuleset(_, span)
        | Error::CombinedRulesetError(_, span)
        | Error::Pop(span)
        | Error::ExpectFail(span)
        | Error::IoError(_, _, span)
        | Error::SubsumeMergeError(_, span)
        | Error::ProofError { span, .. }
        // The first place is that of the earlier declaration.
        | Error::Shadowing(_, _, span)
        | Error::CommandAlreadyExists(_, span)
        | Error::RuleAlreadyExists(_, span)
        | Error::UnsupportedInputType(_, span)
        | Error::DesugarError(span, _) => span.clone(),
        _ => return None,
    })
}

fn type_error_span(error: &TypeError) -> Option<Span> {
    use TypeError::*;
    Some(match error {
        Arity { expr, .. } | Mismatch { expr, .. } | InferenceFailure(expr) => expr.span(),
        Unbound(_, span)
        | Ungrounded(_, span)
        | UndefinedSort(_, span)
        | UnboundFunction(_, span)
        | ProveExistsRequiresConstructor(_, span)
        | FunctionAlreadyBound(_, span)
        | SortAlreadyBound(_, span)
        | PrimitiveAlreadyBound(_, span)
        | PresortNotFound(_, span)
        | BadPresortArguments(_, span)
        | AlreadyDefined(_, span)
        | ConstructorOutputNotSort(_, span)
        | LookupInRuleDisallowed(_, span)
        | SetConstructorDisallowed(_, span)
        | NonEqsortUnion(_, span)
        | NonUnionableSort(_, span)
        | TermConstructorNoInputs(_, span)
        | NonGlobalPrefixed { span, .. }
        | GlobalMissingPrefix { span, .. }
        | AmbiguousPrimitive { span, .. }
        | UnresolvedPrimitive { span, .. } => span.clone(),
        AllAlternativeFailed(errors) => return errors.first().and_then(type_error_span),
        FunctionTypeMismatch(..) => return None,
    })
}

/// Where a command stands, for errors that do not say where they arose.
pub fn command_span(command: &Command) -> Span {
    use GenericCommand::*;
    match command {
        Sort { span, .. }
        | Datatype { span, .. }
        | Datatypes { span, .. }
        | Constructor { span, .. }
        | Relation { span, .. }
        | Function { span, .. }
        | AddRuleset(span, _)
        | UnstableCombinedRuleset(span, ..)
        | Extract(span, ..)
        | PrintOverallStatistics(span, _)
        | Check(span, _)
        | Prove(span, _)
        | ProveExists(span, _)
        | PrintFunction(span, ..)
        | PrintSize(span, _)
        | Input { span, .. }
        | Output { span, .. }
        | Pop(span, _)
        | Fail(span, _)
        | Include(span, _)
        | UserDefined(span, ..) => span.clone(),
        Rule { rule } => rule.span.clone(),
        Rewrite(_, rewrite, _) | BiRewrite(_, rewrite) => rewrite.span.clone(),
        Action(action) => match action {
            GenericAction::Let(span, ..)
            | GenericAction::Set(span, ..)
            | GenericAction::Change(span, ..)
            | GenericAction::Union(span, ..)
            | GenericAction::Panic(span, _)
            | GenericAction::Expr(span, _) => span.clone(),
        },
        RunSchedule(schedule) => schedule_span(schedule),
        Push(_) => Span::Panic,
    }
}

pub fn schedule_span(schedule: &egglog::ast::Schedule) -> Span {
    use egglog::ast::GenericSchedule::*;
    match schedule {
        Saturate(span, _) | Repeat(span, ..) | Run(span, _) | Sequence(span, _) => span.clone(),
    }
}
