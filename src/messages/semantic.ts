/** LUM2xxx: names, types and shapes. */
export const semanticMessages = {
  LUM2001: { text: (p: { name: string }) => `\`${p.name}\` is not defined` },
  LUM2002: { text: (p: { name: string }) => `there is no function \`${p.name}\`` },

  LUM2010: {
    text: (p: { found: string; expected: string }) => `this is ${p.found}, but ${p.expected} is needed`,
  },
  LUM2011: {
    text: (_: object) =>
      "an array literal may hold only numbers known at compile time, in rows of equal length",
  },
  LUM2012: {
    text: (p: { found: string }) => `a condition must be known at compile time, this is ${p.found}`,
    help: (_: object) => "choose between tensors with where(condition, a, b)",
  },
  LUM2013: { text: (p: { found: string }) => `\`prefix\` goes with a layer, this is ${p.found}` },
  LUM2014: {
    text: (p: { op: string; left: string; right: string }) =>
      `\`${p.op}\` does not take ${p.left} and ${p.right}`,
    help: (p: { op: string; left: string; right: string }) =>
      p.op === "and" || p.op === "or"
        ? "compare first: (x > 0) and (y > 0)"
        : "turn truth values into numbers: x as f32",
  },
  LUM2015: { text: (p: { divisor: string }) => `the divisor ${p.divisor} is not known to be positive` },
  LUM2016: {
    text: (p: { left: string; right: string }) => `${p.left} / ${p.right} is 0: both are integers`,
    help: (p: { left: string; right: string }) => `write ${p.left}.0 / ${p.right} for the fraction`,
  },
  LUM2017: { text: (_: object) => "an integer power needs a constant exponent of 0 or more" },
  LUM2018: { text: (p: { name: string }) => `\`${p.name}\` is no dtype` },
  LUM2019: {
    text: (p: { op: string; dtype: string }) =>
      p.op === "any" || p.op === "all"
        ? `\`${p.op}\` takes truth values, not ${p.dtype}`
        : `\`${p.op}\` takes numbers, not truth values`,
    help: (p: { op: string; dtype: string }) =>
      p.op === "any" || p.op === "all"
        ? `compare first: ${p.op}(i) (x[i] > 0)`
        : "count with sum(i) x[i] as f32",
  },

  LUM2020: {
    text: (p: { what: string; left: string; right: string; axis: number; a: string; b: string }) =>
      `\`${p.what}\` of shapes ${p.left} and ${p.right}: sizes ${p.a} and ${p.b} differ along axis ${p.axis}`,
  },
  LUM2021: {
    text: (p: { left: string; right: string }) =>
      `\`@\` needs at least one axis on both sides, found ${p.left} and ${p.right}`,
  },
  LUM2022: {
    text: (p: { left: string; right: string; a: string; b: string }) =>
      `\`@\` of ${p.left} and ${p.right}: the last axis of the left has ${p.a}, the last but one of the right ${p.b}`,
    help: (_: object) => "x' swaps the last two axes",
  },
  LUM2023: { text: (p: { shape: string }) => `' swaps the last two axes, this has shape ${p.shape}` },
  LUM2024: { text: (p: { op: string }) => `\`${p.op}\` reduces exactly one axis` },

  LUM2030: {
    text: (p: { index: string; size: string; axis: number; base: string; side: string }) =>
      `\`${p.base}\` may be read outside: axis ${p.axis} has size ${p.size}, and ${p.index} can be ${p.side}`,
    help: (_: object) => "give a value for reads outside (x[i - 1 else 0]) or narrow the range (i in 1..n)",
  },
  LUM2031: {
    text: (p: { range: string; axis: number; size: string; base: string }) =>
      `the slice ${p.range} is not known to lie within axis ${p.axis} of \`${p.base}\`, which has size ${p.size}`,
  },
  LUM2032: {
    text: (p: { index: string; size: string; axis: number; base: string }) =>
      `\`${p.base}\` is always read outside: axis ${p.axis} has size ${p.size}, the index is ${p.index}`,
  },
  LUM2033: { text: (_: object) => "the value after `else` must be a number known at compile time" },
  LUM2034: { text: (p: { dtype: string }) => `an index must be an integer, this is ${p.dtype}` },
  LUM2035: {
    text: (p: { rank: number; count: number; base: string }) =>
      `\`${p.base}\` has ${p.rank} axes, ${p.count} are indexed`,
  },
  LUM2036: {
    text: (p: { low: string; high: string }) => `the range ${p.low}..${p.high} ends before it starts`,
  },

  LUM2040: {
    text: (p: { name: string }) => `the index variable \`${p.name}\` has the name of something in scope`,
  },
  LUM2041: {
    text: (p: { name: string }) => `the range of \`${p.name}\` cannot be inferred`,
    help: (p: { name: string }) =>
      `\`${p.name}\` never indexes an axis by itself; state its range: ${p.name} in 0..n`,
  },
  LUM2042: {
    text: (p: { name: string; a: string; b: string }) =>
      `\`${p.name}\` indexes axes of different sizes, ${p.a} and ${p.b}`,
  },
  LUM2043: { text: (p: { name: string }) => `the range of \`${p.name}\` needs both ends` },
  LUM2044: {
    text: (p: { name: string; other: string }) =>
      `the range of \`${p.name}\` may not depend on the index variable \`${p.other}\``,
  },

  LUM2050: { text: (p: { found: string }) => `this is ${p.found}, it cannot be called` },
  LUM2051: {
    text: (p: { name: string; expected: string; found: number }) =>
      `\`${p.name}\` takes ${p.expected} arguments, found ${p.found}`,
  },
  LUM2052: {
    text: (p: { name: string; argument: string }) => `\`${p.name}\` has no parameter \`${p.argument}\``,
  },
  LUM2053: {
    text: (p: { name: string; argument: string }) => `\`${p.argument}\` is given twice to \`${p.name}\``,
  },
  LUM2054: {
    text: (p: { name: string; argument: string }) => `\`${p.name}\` needs a value for \`${p.argument}\``,
  },
  LUM2055: {
    text: (p: { what: string; expected: string; found: string }) =>
      `\`${p.what}\` must be of kind ${p.expected}, this is ${p.found}`,
  },
  LUM2056: {
    text: (p: { what: string; expected: string; found: string }) =>
      `\`${p.what}\` must have shape ${p.expected}, this has ${p.found}`,
  },
  LUM2057: {
    text: (p: { what: string; expected: string; found: string }) =>
      `\`${p.what}\` must have dtype ${p.expected}, this has ${p.found}`,
    help: (p: { what: string; expected: string; found: string }) => `convert it: x as ${p.expected}`,
  },
  LUM2058: {
    text: (p: { what: string; expected: string; found: string; stated: string; shape: string }) =>
      `\`${p.what}\` has size ${p.found} where its type ${p.stated} says ${p.expected}; its shape is ${p.shape}`,
  },
  LUM2059: { text: (p: { chain: string }) => `a function may not call itself: ${p.chain}` },
  LUM2060: { text: (_: object) => "the body of this function returns nothing" },
  LUM2061: {
    text: (p: { name: string }) =>
      `the kernel \`${p.name}\` takes whole tensors, not values inside index notation`,
    help: (_: object) => "define the tensor first, then pass it",
  },
  LUM2062: { text: (p: { text: string }) => `{${p.text}} is not an expression` },
  LUM2063: {
    text: (p: { text: string; found: string }) => `{${p.text}} must be an integer, it is ${p.found}`,
  },

  LUM2070: { text: (p: { what: string }) => `\`${p.what}\` belongs directly into a model or an entry` },
  LUM2071: {
    text: (p: { count: number; found: string }) => `${p.count} names are to be bound, but this is ${p.found}`,
  },
  LUM2072: { text: (_: object) => "only a single name can be bound here" },
  LUM2073: {
    text: (p: { name: string }) => `\`${p.name}\` is already bound`,
    help: (_: object) =>
      "a name is bound once per scope; only inside `for` may a name from before the loop be assigned again",
  },
  LUM2074: {
    text: (p: { text: string }) => `\`${p.text}\` on the left of \`=\` must be a new index variable`,
    help: (_: object) => "state is written with `:=`",
  },

  LUM2080: {
    text: (p: { name: string; found: string }) => `\`:=\` writes state, but \`${p.name}\` is ${p.found}`,
    help: (p: { name: string; found: string }) =>
      `declare it: state ${p.name}: f32[…], or bind a new name with \`=\``,
  },
  LUM2081: {
    text: (p: { state: string; expected: string; found: string }) =>
      `the state \`${p.state}\` holds ${p.expected}, this is ${p.found}`,
  },
  LUM2082: {
    text: (p: { state: string; expected: string; found: string }) =>
      `the part of \`${p.state}\` that is written has shape ${p.expected}, this has ${p.found}`,
  },
  LUM2083: {
    text: (p: { index: string; size: string; axis: number; state: string }) =>
      `\`${p.state}\` may be written outside: axis ${p.axis} has size ${p.size}, the index is ${p.index}`,
    help: (_: object) => "narrow the bounds of the dims, for example dim pos in 0..max_len - s",
  },
  LUM2084: {
    text: (p: { state: string; name: string }) =>
      `every \`${p.name}\` writes the same element of \`${p.state}\``,
  },

  LUM2090: {
    text: (p: { name: string; shape: string }) =>
      `the weight \`${p.name}\` has shape ${p.shape}, which is known only at run time`,
    help: (_: object) => "weights have sizes known at compile time",
  },
  LUM2091: {
    text: (p: { name: string }) =>
      `\`${p.name}\` cannot be tapped here: inside a loop it has one value per iteration`,
  },
  LUM2093: { text: (_: object) => "`...` has no meaning in a declaration: state every size" },
  LUM2094: { text: (p: { size: string }) => `the size ${p.size} may be negative` },

  LUM2100: {
    text: (p: { low: string; high: string }) =>
      `\`for\` runs over sizes known at compile time, not over ${p.low}..${p.high}`,
    help: (_: object) => "use an index variable for a run-time size",
  },
  LUM2101: {
    text: (p: { reason: string; count: number }) =>
      `this loop of ${p.count} iterations cannot be kept as a loop: ${p.reason}`,
  },
  LUM2102: { text: (_: object) => "this condition cannot be decided for each iteration of the loop" },

  LUM2110: {
    text: (p: { axis: number; rank: number }) => `there is no axis ${p.axis} in a tensor of ${p.rank} axes`,
  },
  LUM2111: {
    text: (p: { left: string; right: string; axis: number }) =>
      `shapes ${p.left} and ${p.right} differ in more than axis ${p.axis}`,
  },
  LUM2112: {
    text: (p: { left: string; right: string }) =>
      `tensors of dtypes ${p.left} and ${p.right} cannot be joined; convert one with \`as\``,
  },
  LUM2113: {
    text: (p: { from: string; to: string }) =>
      `${p.from} cannot be reshaped to ${p.to}: the number of elements differs`,
  },
  LUM2114: { text: (p: { rank: number }) => `the order must name each of the ${p.rank} axes once` },
  LUM2115: { text: (p: { name: string }) => `\`${p.name}\` needs at least one axis` },
  LUM2116: {
    text: (p: { k: string; size: string }) => `${p.k} of an axis of size ${p.size} cannot be taken`,
  },
  LUM2117: { text: (p: { from: string; to: string }) => `${p.from} does not expand to ${p.to}` },

  LUM2120: {
    text: (p: { module: string; path: string }) => `there is no module "${p.module}" (looked for ${p.path})`,
  },
  LUM2121: { text: (p: { chain: string }) => `modules import each other: ${p.chain}` },
  LUM2122: { text: (p: { name: string; module: string }) => `"${p.module}" has no \`${p.name}\`` },

  LUM2130: {
    text: (p: { name: string }) => `the entry \`${p.name}\` has no output`,
    help: (_: object) => "write `output y = …` for what the caller should get",
  },
  LUM2131: { text: (_: object) => "outputs belong into an entry where a model has entries" },
  LUM2132: { text: (p: { model: string; name: string }) => `\`${p.model}\` has no parameter \`${p.name}\`` },
  LUM2133: {
    text: (p: { name: string }) => `the parameter \`${p.name}\` has no value`,
    help: (p: { name: string }) => `give one: --set ${p.name}=…`,
  },
  LUM2134: {
    text: (p: { name: string; text: string; expected: string }) =>
      `\`${p.name}\` is of kind ${p.expected}, "${p.text}" is not`,
  },
  LUM2135: {
    text: (p: { name: string; low: string }) => `the dim \`${p.name}\` may be as small as ${p.low}`,
  },
  LUM2136: { text: (p: { name: string }) => `the dim \`${p.name}\` has other bounds in another entry` },
  LUM2137: {
    text: (p: { size: string }) =>
      `a state's sizes are fixed when the model is created, but ${p.size} is known only at a call`,
  },
  LUM2138: { text: (p: { found: string }) => `a state starts as one number, this is ${p.found}` },

  LUM2140: { text: (_: object) => "expressions are nested too deeply" },
  LUM2141: {
    text: (p: { name: string }) =>
      p.name === "" ? "this file has no model" : `this file has no model \`${p.name}\``,
  },
  LUM2150: {
    text: (_: object) => "`scan` is not supported by this version",
    help: (_: object) =>
      "running sums and products are cumsum(x, axis = 0) and cumprod; any other recurrence over a number of steps known at compile time is a `for` that assigns a name from before it: for t in 0..8 { h = a[t] * h + x[t] }",
  },
};
