//! Terms as JSON: the part of a `TermDag` that some roots reach, children first,
//! so that shared subterms are written once.
//!
//! An application is `["op", child, …]`, a literal is `{"i": "…"}` (or `f`, `s`,
//! `b`, `u`), a variable is `{"v": "…"}`; a child is an index into the list.
use crate::json;
use egglog::{Term, TermDag, TermId};
use egglog_ast::generic_ast::Literal;
use rustc_hash::FxHashMap;
use std::fmt::Write;

#[derive(Default)]
pub struct TermList {
    json: String,
    index: FxHashMap<TermId, usize>,
}

impl TermList {
    /// The index of `root` in the list, which grows by what it lacks.
    /// The walk keeps its own stack: terms can be deeper than the machine's.
    pub fn add(&mut self, dag: &TermDag, root: TermId) -> usize {
        let mut stack = vec![(root, false)];
        while let Some((id, children_done)) = stack.pop() {
            if self.index.contains_key(&id) {
                continue;
            }
            if let (Term::App(_, children), false) = (dag.get(id), children_done) {
                stack.push((id, true));
                stack.extend(children.iter().rev().map(|c| (*c, false)));
                continue;
            }
            if !self.json.is_empty() {
                self.json.push(',');
            }
            self.write(dag.get(id));
            self.index.insert(id, self.index.len());
        }
        self.index[&root]
    }

    fn write(&mut self, term: &Term) {
        match term {
            Term::App(op, children) => {
                self.json.push('[');
                json::string(&mut self.json, op);
                for child in children {
                    write!(self.json, ",{}", self.index[child]).unwrap();
                }
                self.json.push(']');
            }
            Term::Var(name) => {
                self.json.push('{');
                json::string_field(&mut self.json, "v", name);
                self.json.push('}');
            }
            Term::Lit(literal) => write_literal(&mut self.json, literal),
        }
    }

    /// The list, as the inside of a JSON array.
    pub fn finish(self) -> String {
        self.json
    }
}

fn write_literal(out: &mut String, literal: &Literal) {
    let (tag, text) = match literal {
        Literal::Int(_) => ("i", literal.to_string()),
        Literal::Float(_) => ("f", literal.to_string()),
        Literal::String(text) => ("s", text.clone()),
        Literal::Bool(_) => ("b", literal.to_string()),
        Literal::Unit => ("u", "()".to_owned()),
    };
    out.push('{');
    json::string_field(out, tag, &text);
    out.push('}');
}
