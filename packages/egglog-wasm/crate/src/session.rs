//! One e-graph and what its host reads of it.
use crate::arrays::Arrays;
use egglog::EGraph;
use egglog_ast::span::Span;
use rustc_hash::{FxHashMap, FxHashSet};

/// Facts about declarations that the engine does not give back.
#[derive(Clone, Default)]
pub struct Declared {
    pub relations: FxHashSet<String>,
    pub unextractable: FxHashSet<String>,
}

pub struct Session {
    pub egraph: EGraph,
    /// Off when the e-graph encodes terms or proofs: extraction then goes
    /// through the engine's own command.
    pub plain: bool,
    pub declared: Declared,
    /// Programs that `(include "name")` finds.
    pub files: FxHashMap<String, String>,
    /// JSON objects with commas between them: what the commands of this run
    /// have said so far. Whole after every command, so that a checkpoint taken
    /// then holds it too.
    pub outputs: String,
    pub commands_done: usize,
    /// Where the command stands that is being carried out.
    pub under_way: Span,
    /// Tuples when last counted.
    pub tuples: usize,
    pub arrays: Option<Arrays>,
}

impl Session {
    pub fn new(egraph: EGraph, plain: bool) -> Self {
        Session {
            egraph,
            plain,
            declared: Declared::default(),
            files: FxHashMap::default(),
            outputs: String::new(),
            commands_done: 0,
            under_way: Span::Panic,
            tuples: 0,
            arrays: None,
        }
    }

    pub fn begin(&mut self) {
        self.outputs.clear();
        self.commands_done = 0;
        self.under_way = Span::Panic;
    }

    /// Append one output, written by `write` as an object.
    pub fn say(&mut self, write: impl FnOnce(&mut String)) {
        if !self.outputs.is_empty() {
            self.outputs.push(',');
        }
        write(&mut self.outputs);
    }
}
