//! A first look at program text, before the parser: how deep does it nest?
//! The parser, the type checker and `drop` recurse, and a stack that overflows
//! inside WebAssembly has no line number.

pub const MAX_DEPTH: usize = 1000;

/// The byte offset of the first `(` that nests deeper than `MAX_DEPTH`.
pub fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'(' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Some(i);
                }
            }
            b')' => depth = depth.saturating_sub(1),
            b';' => i = end_of_line(bytes, i),
            b'"' => i = end_of_string(bytes, i),
            _ => {}
        }
        i += 1;
    }
    None
}

fn end_of_line(bytes: &[u8], mut i: usize) -> usize {
    while i < bytes.len() && bytes[i] != b'\n' {
        i += 1;
    }
    i
}

/// The closing quote of the string that opens at `i`, or the end of the text.
fn end_of_string(bytes: &[u8], mut i: usize) -> usize {
    i += 1;
    while i < bytes.len() && bytes[i] != b'"' {
        i += if bytes[i] == b'\\' { 2 } else { 1 };
    }
    i
}
