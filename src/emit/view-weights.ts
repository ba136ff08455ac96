/** The weights as nested structs, one struct per rolled loop, and the declarations that bind them. */
import { byteSize } from "../ir/dtype.ts";
import type { Program, WeightSlot } from "../ir/llir.ts";
import { type Poly, printPoly } from "../ir/poly.ts";
import { cppSpelling, cppType, expression, tensorText } from "./cpp.ts";
import { identifier, Names, pascalCase } from "./names.ts";

type Loop = WeightSlot["loops"][number];

export type WeightsView = {
  readonly count: number;
  readonly bytes: number;
  /** Whether some tensor is packed. */
  readonly packs: boolean;
  /** Whether some are filters in Winograd's transform. */
  readonly transforms: boolean;
  /** Members of `struct Weights`. */
  readonly members: readonly string[];
  /** Body of the function that declares every tensor to the binder. */
  readonly bindings: readonly string[];
  /** `per_l.attention_wq`: how a slot is written where every loop around it has a reference to its struct. */
  readonly access: (slot: string) => string;
  /** The line that makes the reference for a loop inside of others; undefined where no weight is declared in it. */
  readonly reference: (loop: string, outer: readonly string[], variable: string) => string | undefined;
  /** `per_l[l].attention_wq`, for people. */
  readonly path: (slot: string) => string;
};

/** A struct: the weights declared directly in it, and those of loops inside. */
type Group = {
  readonly loop: Loop | undefined;
  readonly slots: WeightSlot[];
  readonly inner: Map<string, Group>;
};

function groupByLoops(slots: readonly WeightSlot[]): Group {
  const root: Group = { loop: undefined, slots: [], inner: new Map() };
  for (const slot of slots) {
    let group = root;
    for (const loop of slot.loops) {
      const key = `${loop.variable}:${loop.low}:${loop.high}`;
      let inner = group.inner.get(key);
      if (inner === undefined) {
        inner = { loop, slots: [], inner: new Map() };
        group.inner.set(key, inner);
      }
      group = inner;
    }
    group.slots.push(slot);
  }
  return root;
}

const memberOf = (loop: Loop): string => `per_${loop.variable}`;
const structOf = (loop: Loop): string => `Per${pascalCase(loop.variable)}`;
/** Inside the function that declares the weights. */
const bindingName = (variable: string): string =>
  variable === "bound" || variable === "weights" ? `${variable}_` : identifier(variable);
const minus = (variable: string, low: number): string =>
  low === 0 ? variable : low > 0 ? `${variable} - ${low}` : `${variable} + ${-low}`;

/** `"model.layers.{l}.q_proj.weight"` */
export const sourceText = (source: WeightSlot["source"]): string =>
  source.map((piece) => (typeof piece === "string" ? piece : `{${printPoly(piece)}}`)).join("");

const loopName = cppSpelling((a) => bindingName(a.name));

/** `statesDType`: for hosts whose headers don't know the device's types, which a pointer would tell. */
export function viewWeights(program: Program, { statesDType = false } = {}): WeightsView {
  const number = (p: Poly): string => expression(p, program.bounds, loopName);
  const names = new Names(program.weights.flatMap((w) => w.loops.flatMap((l) => [memberOf(l), structOf(l)])));
  for (const w of program.weights) names.give(w.name, w.name);
  const root = groupByLoops(program.weights);
  const slots = new Map(program.weights.map((w) => [w.name, w]));

  const path: WeightsView["path"] = (slot) =>
    slots
      .get(slot)!
      .loops.map((l) => `${memberOf(l)}[${minus(l.variable, l.low)}].`)
      .join("") + names.of(slot);

  const access: WeightsView["access"] = (slot) => {
    const inner = slots.get(slot)!.loops.at(-1);
    return `${inner === undefined ? "weights" : memberOf(inner)}.${names.of(slot)}`;
  };

  /** The group of a loop inside of others, skipping those around it that hold no weights. */
  function groupOf(variables: readonly string[]): { group: Group; type: string; parent: string } | undefined {
    let found = { group: root, type: "Weights", parent: "weights" };
    for (const variable of variables) {
      const group = [...found.group.inner.values()].find((g) => g.loop!.variable === variable);
      if (group === undefined) continue;
      const parent = found.group.loop === undefined ? "weights" : memberOf(found.group.loop);
      found = { group, type: `${found.type}::${structOf(group.loop!)}`, parent };
    }
    return found.group.loop?.variable === variables.at(-1) ? found : undefined;
  }

  const reference: WeightsView["reference"] = (loop, outer, variable) => {
    const found = groupOf([...outer, loop]);
    if (found === undefined) return undefined;
    const { group, type, parent } = found;
    const member = memberOf(group.loop!);
    return `${type}& ${member} = ${parent}.${member}[${minus(variable, group.loop!.low)}];`;
  };

  function members(group: Group): string[] {
    const lines = group.slots.map((w) => {
      const packed = { stored: "", packed: ", packed in panels", filters: ", transformed" }[w.layout.kind];
      return `const ${cppType(w.dtype)}* ${names.of(w.name)};  // ${tensorText(w)}${packed}  "${sourceText(w.source)}"`;
    });
    for (const inner of group.inner.values()) {
      const loop = inner.loop!;
      lines.push(
        `struct ${structOf(loop)} {  // one for each ${loop.variable} in ${loop.low}..${loop.high}`,
        ...members(inner).map((line) => `    ${line}`),
        `} ${memberOf(loop)}[${loop.high - loop.low}];`,
      );
    }
    return lines;
  }

  function bindings(group: Group, outer: readonly string[]): string[] {
    const lines = group.slots.flatMap((w) => bindingOf(w, access(w.name), number, statesDType));
    for (const inner of group.inner.values()) {
      const { variable, low, high } = inner.loop!;
      const name = bindingName(variable);
      lines.push(
        `for (int64_t ${name} = ${low}; ${name} < ${high}; ++${name}) {`,
        `    ${reference(variable, outer, name)}`,
        ...bindings(inner, [...outer, variable]).map((line) => `    ${line}`),
        "}",
      );
    }
    return lines;
  }

  return {
    count: program.weights.length,
    bytes: program.weights.reduce((sum, w) => sum + bytesOf(w), 0),
    transforms: program.weights.some((w) => w.layout.kind === "filters"),
    packs: program.weights.some((w) => w.layout.kind === "packed"),
    members: members(root),
    bindings: bindings(root, []),
    access,
    reference,
    path,
  };
}

/** Bytes of a slot in all iterations of its loops; weights have constant sizes. */
export function bytesOf(w: WeightSlot): number {
  const elements = w.shape.reduce((product, p) => product * p.constant, 1);
  const grown = w.layout.kind === "filters" ? (w.layout.tile + 2) ** 2 / 9 : 1;
  return w.loops.reduce((n, l) => n * (l.high - l.low), elements * grown * byteSize(w.dtype));
}

/** The name in the checkpoint as a C++ expression: `"layers." + std::to_string(l) + ".wq"`. */
function sourceExpression(source: WeightSlot["source"], number: (p: Poly) => string): string {
  const pieces = source.map((piece) =>
    typeof piece === "string" ? JSON.stringify(piece) : `std::to_string(${number(piece)})`,
  );
  if (pieces.length === 0) return '""';
  return pieces.join(" + ");
}

function bindingOf(
  w: WeightSlot,
  place: string,
  number: (p: Poly) => string,
  statesDType: boolean,
): string[] {
  const name = sourceExpression(w.source, number);
  const shape = `{${w.shape.map(number).join(", ")}}`;
  const dtype = statesDType ? `"${w.dtype}", ` : "";
  if (w.layout.kind === "stored") return [`bound.as_stored(&${place}, ${dtype}${name}, ${shape});`];
  if (w.layout.kind === "filters")
    return [
      `bound.transformed(&${place}, ${name}, ${shape}, lum::WinogradFilters<${w.layout.tile}>{${w.layout.outputs}, ${w.layout.channels}});`,
    ];
  const [columns, depth] = [number(w.layout.n), number(w.layout.k)];
  return [
    `bound.in_panels(&${place}, ${name}, ${shape}, ` +
      `/*columns*/ ${columns}, /*depth*/ ${depth}, /*depth is contiguous*/ ${w.layout.kContiguous});`,
  ];
}
