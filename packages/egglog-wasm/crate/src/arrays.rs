//! The e-graph as flat arrays, nodes grouped by class, read by the host
//! straight from this memory.
use crate::classes::Classes;
use crate::json;
use crate::session::Declared;
use egglog::ast::FunctionSubtype;
use egglog::extract::{CostModel, TreeAdditiveCostModel};
use egglog::{ArcSort, Core, EGraph, Enode, Function, Read, Value};

const SUBSUMED: u8 = 1;
const UNEXTRACTABLE: u8 = 2;

/// Column order of the table that the host reads; `lib.rs` fills it from here.
#[derive(Default)]
pub struct Arrays {
    // Per node, and one more in `child_start`.
    pub node_op: Vec<u32>,
    pub node_class: Vec<u32>,
    pub node_cost: Vec<f64>,
    pub node_flags: Vec<u8>,
    pub child_start: Vec<u32>,
    /// Classes.
    pub children: Vec<u32>,
    // Per class, and one more in `class_start`: nodes of class c are
    // class_start[c]..class_start[c + 1].
    pub class_sort: Vec<u32>,
    pub class_id: Vec<u32>,
    pub class_start: Vec<u32>,
    /// Index of the class's literal, or u32::MAX.
    pub class_literal: Vec<u32>,
    // Per literal: its text is literal_text[literal_start[l]..literal_start[l + 1]].
    pub literal_start: Vec<u32>,
    pub literal_text: Vec<u8>,
    pub literal_number: Vec<f64>,
    /// JSON: sorts, ops, lets.
    pub names: Vec<u8>,
}

struct Op {
    name: String,
    kind: &'static str,
    inputs: Vec<u32>,
    output: u32,
    cost: f64,
}

struct Builder<'a> {
    egraph: &'a EGraph,
    declared: &'a Declared,
    arrays: Arrays,
    classes: Classes,
    ops: Vec<Op>,
    lets: Vec<(String, u32)>,
}

/// Arrays of everything in the e-graph but hidden tables.
/// Nodes of one class keep the order of their tables, and of the rows in them.
pub fn build(egraph: &EGraph, declared: &Declared) -> Arrays {
    let mut builder = Builder {
        egraph,
        declared,
        arrays: Arrays::default(),
        classes: Classes::default(),
        ops: Vec::new(),
        lets: Vec::new(),
    };
    builder.reserve();
    for (name, function) in egraph.functions_iter() {
        if function.is_let_binding() {
            builder.add_let(name, function);
        } else if !function.is_hidden() {
            builder.add_table(name, function);
        }
    }
    builder.add_values();
    builder.finish()
}

impl Builder<'_> {
    /// All room at once: nothing is allocated while rows are walked, so that a
    /// memory that runs out does so while the engine holds no lock.
    fn reserve(&mut self) {
        let (mut nodes, mut children) = (0, 0);
        for (name, function) in self.egraph.functions_iter() {
            let rows = self.egraph.get_size(name);
            nodes += rows;
            children += rows * function.func_type().input.len();
        }
        let arrays = &mut self.arrays;
        arrays.node_op.reserve(nodes);
        arrays.node_class.reserve(nodes);
        arrays.node_cost.reserve(nodes);
        arrays.node_flags.reserve(nodes);
        arrays.child_start.reserve(nodes + 1);
        arrays.children.reserve(children);
        self.classes.reserve(nodes);
    }

    fn add_let(&mut self, name: &str, function: &Function) {
        let sort = self.classes.sort(&function.func_type().output);
        let mut value = None;
        let _ = self.each_row(name, function, |_, output, _| value = Some(output));
        if let Some(value) = value {
            let class = self.classes.of(sort, value);
            self.lets.push((name.to_owned(), class));
        }
    }

    fn add_table(&mut self, name: &str, function: &Function) {
        let schema = function.func_type();
        let inputs: Vec<u32> = schema.input.iter().map(|s| self.classes.sort(s)).collect();
        let output = self.classes.sort(&schema.output);
        let probe = Enode { children: &[], eclass: Value::new_const(0), subsumed: false };
        let cost = TreeAdditiveCostModel::default().enode_cost(self.egraph, function, &probe) as f64;
        let kind = match schema.subtype {
            _ if self.declared.relations.contains(name) => "relation",
            FunctionSubtype::Constructor => "constructor",
            FunctionSubtype::Custom => "function",
        };
        let op = self.ops.len() as u32;
        let hidden = self.declared.unextractable.contains(name);
        let flags = if hidden { UNEXTRACTABLE } else { 0 };

        let (mut arrays, mut classes) =
            (std::mem::take(&mut self.arrays), std::mem::take(&mut self.classes));
        self.each_row(name, function, |children, value, subsumed| {
            arrays.node_op.push(op);
            arrays.node_class.push(classes.of(output, value));
            arrays.node_cost.push(cost);
            arrays.node_flags.push(flags | if subsumed { SUBSUMED } else { 0 });
            arrays.child_start.push(arrays.children.len() as u32);
            for (sort, child) in inputs.iter().zip(children) {
                arrays.children.push(classes.of(*sort, *child));
            }
        });
        (self.arrays, self.classes) = (arrays, classes);
        self.ops.push(Op { name: name.to_owned(), kind, inputs, output, cost });
    }

    fn each_row(
        &self,
        name: &str,
        function: &Function,
        mut f: impl FnMut(&[Value], Value, bool),
    ) {
        let read = self.egraph.read(|rows| match function.func_type().subtype {
            FunctionSubtype::Constructor => {
                rows.constructor_enodes(name, |n| f(n.children, n.eclass, n.subsumed))
            }
            FunctionSubtype::Custom => {
                rows.function_entries(name, |n| f(n.inputs, n.output, n.subsumed))
            }
        });
        read.expect("a listed table can be read");
    }

    /// One node for each literal and each container that something refers to.
    /// A container's elements may be new classes, which join the queue.
    fn add_values(&mut self) {
        let mut literal_ops = vec![None; 0];
        let mut next = 0;
        while let Some((class, sort, value)) = self.classes.value(next) {
            next += 1;
            let sort_of = self.classes.sorts[sort as usize].clone();
            if sort_of.is_container_sort() {
                self.add_container(class, sort, &sort_of, value);
            } else {
                literal_ops.resize(self.classes.sorts.len(), None);
                let op = *literal_ops[sort as usize].get_or_insert_with(|| {
                    let name = sort_of.name().to_owned();
                    let op = Op { name, kind: "literal", inputs: vec![], output: sort, cost: 1.0 };
                    self.ops.push(op);
                    self.ops.len() as u32 - 1
                });
                self.add_literal(class, &sort_of, value);
                self.add_node(op, class, 1.0, &[]);
            }
        }
    }

    fn add_node(&mut self, op: u32, class: u32, cost: f64, children: &[u32]) {
        let arrays = &mut self.arrays;
        arrays.node_op.push(op);
        arrays.node_class.push(class);
        arrays.node_cost.push(cost);
        arrays.node_flags.push(0);
        arrays.child_start.push(arrays.children.len() as u32);
        arrays.children.extend_from_slice(children);
    }

    fn add_container(&mut self, class: u32, sort: u32, sort_of: &ArcSort, value: Value) {
        let (name, inner) = self.egraph.read(|state| {
            let values = state.container_values();
            (sort_of.serialized_name(values, value), sort_of.inner_values(values, value))
        });
        let children: Vec<u32> = inner
            .iter()
            .map(|(inner_sort, value)| {
                let index = self.classes.sort(inner_sort);
                self.classes.of(index, *value)
            })
            .collect();
        // Containers have few heads, so a scan from the end finds them.
        let found = self.ops.iter().rposition(|op| op.output == sort && op.name == name);
        let op = found.unwrap_or_else(|| {
            self.ops.push(Op { name, kind: "container", inputs: vec![], output: sort, cost: 0.0 });
            self.ops.len() - 1
        });
        self.add_node(op as u32, class, 0.0, &children);
    }

    fn add_literal(&mut self, class: u32, sort: &ArcSort, value: Value) {
        let (text, number) = crate::literals::read(self.egraph, sort, value);
        let index = self.arrays.literal_number.len() as u32;
        self.arrays.literal_start.push(self.arrays.literal_text.len() as u32);
        self.arrays.literal_text.extend_from_slice(text.as_bytes());
        self.arrays.literal_number.push(number);
        self.classes.set_literal(class, index);
    }

    fn finish(mut self) -> Arrays {
        let mut arrays = self.arrays;
        arrays.child_start.push(arrays.children.len() as u32);
        arrays.literal_start.push(arrays.literal_text.len() as u32);
        self.classes.move_into(&mut arrays.class_sort, &mut arrays.class_id, &mut arrays.class_literal);
        let names = write_names(&self.classes.sorts, &self.ops, &self.lets);
        arrays.names = names.into_bytes();
        arrays.group_by_class();
        arrays
    }
}

impl Arrays {
    /// Counting sort of the nodes by class; stable.
    fn group_by_class(&mut self) {
        let (nodes, classes) = (self.node_op.len(), self.class_sort.len());
        let mut start = vec![0u32; classes + 1];
        for class in &self.node_class {
            start[*class as usize + 1] += 1;
        }
        for c in 0..classes {
            start[c + 1] += start[c];
        }
        let mut at = start.clone();
        let mut order = vec![0u32; nodes];
        for (node, class) in self.node_class.iter().enumerate() {
            let place = &mut at[*class as usize];
            order[*place as usize] = node as u32;
            *place += 1;
        }
        let mut children = Vec::with_capacity(self.children.len());
        let mut child_start = Vec::with_capacity(nodes + 1);
        for node in &order {
            child_start.push(children.len() as u32);
            let (from, to) = (self.child_start[*node as usize], self.child_start[*node as usize + 1]);
            children.extend_from_slice(&self.children[from as usize..to as usize]);
        }
        child_start.push(children.len() as u32);
        self.children = children;
        self.child_start = child_start;
        self.node_op = order.iter().map(|n| self.node_op[*n as usize]).collect();
        self.node_class = order.iter().map(|n| self.node_class[*n as usize]).collect();
        self.node_cost = order.iter().map(|n| self.node_cost[*n as usize]).collect();
        self.node_flags = order.iter().map(|n| self.node_flags[*n as usize]).collect();
        self.class_start = start;
    }
}

fn write_names(sorts: &[ArcSort], ops: &[Op], lets: &[(String, u32)]) -> String {
    let mut out = String::from("{");
    json::key(&mut out, "sorts");
    json::list(&mut out, sorts, |out, sort| json::string(out, sort.name()));
    json::key(&mut out, "ops");
    json::list(&mut out, ops, |out, op| {
        out.push('{');
        json::string_field(out, "name", &op.name);
        json::string_field(out, "kind", op.kind);
        json::key(out, "inputs");
        json::list(out, &op.inputs, |out, sort| json::string(out, sorts[*sort as usize].name()));
        json::string_field(out, "output", sorts[op.output as usize].name());
        json::field(out, "cost", op.cost);
        out.push('}');
    });
    json::key(&mut out, "lets");
    json::list(&mut out, lets, |out, (name, class)| {
        out.push('[');
        json::string(out, name);
        out.push_str(&format!(",{class}]"));
    });
    out.push('}');
    out
}
