//! Dense numbers for e-classes, literals and containers.
use egglog::{ArcSort, Value};
use egglog_numeric_id::NumericId;
use rustc_hash::FxHashMap;

const NONE: u32 = u32::MAX;

#[derive(Default)]
pub struct Classes {
    pub sorts: Vec<ArcSort>,
    sort_index: FxHashMap<String, u32>,
    is_eq: Vec<bool>,
    /// By e-class id: ids are unique across sorts and nearly dense.
    of_id: Vec<u32>,
    /// By sort and interned value, for literals and containers.
    of_value: FxHashMap<(u32, u32), u32>,
    /// Literal and container classes in order of appearance.
    values: Vec<(u32, u32, Value)>,
    class_sort: Vec<u32>,
    class_id: Vec<u32>,
    class_literal: Vec<u32>,
}

impl Classes {
    pub fn reserve(&mut self, nodes: usize) {
        self.class_sort.reserve(nodes);
        self.class_id.reserve(nodes);
        self.class_literal.reserve(nodes);
    }

    pub fn sort(&mut self, sort: &ArcSort) -> u32 {
        if let Some(index) = self.sort_index.get(sort.name()) {
            return *index;
        }
        let index = self.sorts.len() as u32;
        self.sort_index.insert(sort.name().to_owned(), index);
        self.is_eq.push(sort.is_eq_sort());
        self.sorts.push(sort.clone());
        index
    }

    pub fn of(&mut self, sort: u32, value: Value) -> u32 {
        let id = value.rep();
        if !self.is_eq[sort as usize] {
            if let Some(class) = self.of_value.get(&(sort, id)) {
                return *class;
            }
            let class = self.add(sort, id);
            self.of_value.insert((sort, id), class);
            self.values.push((class, sort, value));
            return class;
        }
        if id as usize >= self.of_id.len() {
            self.of_id.resize((id as usize + 1).max(self.of_id.len() * 2), NONE);
        }
        match self.of_id[id as usize] {
            NONE => {
                let class = self.add(sort, id);
                self.of_id[id as usize] = class;
                class
            }
            class => class,
        }
    }

    fn add(&mut self, sort: u32, id: u32) -> u32 {
        self.class_sort.push(sort);
        self.class_id.push(id);
        self.class_literal.push(NONE);
        self.class_sort.len() as u32 - 1
    }

    /// The n-th literal or container: its class, sort and value.
    pub fn value(&self, n: usize) -> Option<(u32, u32, Value)> {
        self.values.get(n).copied()
    }

    pub fn set_literal(&mut self, class: u32, literal: u32) {
        self.class_literal[class as usize] = literal;
    }

    pub fn move_into(&mut self, sort: &mut Vec<u32>, id: &mut Vec<u32>, literal: &mut Vec<u32>) {
        *sort = std::mem::take(&mut self.class_sort);
        *id = std::mem::take(&mut self.class_id);
        *literal = std::mem::take(&mut self.class_literal);
    }
}
