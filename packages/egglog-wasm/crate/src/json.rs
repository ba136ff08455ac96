//! Just enough JSON writing for the results.
use std::fmt::Write;

/// A quoted, escaped string.
pub fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if (c as u32) < 0x20 => write!(out, "\\u{:04x}", c as u32).unwrap(),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// `"key":` with a comma before it unless it opens its object.
pub fn key(out: &mut String, name: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    write!(out, "\"{name}\":").unwrap();
}

pub fn string_field(out: &mut String, name: &str, text: &str) {
    key(out, name);
    string(out, text);
}

pub fn field(out: &mut String, name: &str, value: impl std::fmt::Display) {
    key(out, name);
    write!(out, "{value}").unwrap();
}

/// `items` between brackets, with commas.
pub fn list<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut each: impl FnMut(&mut String, T),
) {
    out.push('[');
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        each(out, item);
    }
    out.push(']');
}
