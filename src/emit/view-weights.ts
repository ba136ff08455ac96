/** The weights as nested structs, one struct per rolled loop, and the declarations that bind them. */
import { byteSize } from "../ir/dtype.ts";
import type { Program, WeightSlot } from "../ir/llir.ts";
import { type Poly, printPoly } from "../ir/poly.ts";
import { cppSpelling, cppType, expression, tensorText } from "./cpp.ts";
import { Names, pascalCase } from "./names.ts";

type Loop = WeightSlot["loops"][number];

export type WeightsView = {
  readonly count: number;
  readonly bytes: number;
  /** Whether some tensor is packed. */
  readonly packs: boolean;
  /** Members of `struct Weights`. */
  readonly members: readonly string[];
  /** Body of the function that declares every tensor to the binder. */
  readonly bindings: readonly string[];
  /** `per_l[l].attention_wq`: a member of `struct Weights`, given the C identifiers of the loop variables. */
  readonly access: (slot: string, variable: (name: string) => string) => string;
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
const minus = (variable: string, low: number): string =>
  low === 0 ? variable : low > 0 ? `${variable} - ${low}` : `${variable} + ${-low}`;

/** `"model.layers.{l}.q_proj.weight"` */
export const sourceText = (source: WeightSlot["source"]): string =>
  source.map((piece) => (typeof piece === "string" ? piece : `{${printPoly(piece)}}`)).join("");

const loopName = cppSpelling((a) => a.name);

export function viewWeights(program: Program): WeightsView {
  const number = (p: Poly): string => expression(p, program.bounds, loopName);
  const names = new Names();
  for (const w of program.weights) names.give(w.name, w.name);
  const root = groupByLoops(program.weights);
  const slots = new Map(program.weights.map((w) => [w.name, w]));

  const access: WeightsView["access"] = (slot, variable) =>
    slots
      .get(slot)!
      .loops.map((l) => `${memberOf(l)}[${minus(variable(l.variable), l.low)}].`)
      .join("") + names.of(slot);

  function members(group: Group): string[] {
    const lines = group.slots.map((w) => {
      const packed = w.layout.kind === "packed" ? ", packed in panels" : "";
      return `const ${cppType(w.dtype)}* ${names.of(w.name)};  // ${tensorText(w)}${packed}  "${sourceText(w.source)}"`;
    });
    for (const inner of group.inner.values()) {
      const loop = inner.loop!;
      lines.push(
        `struct Per${pascalCase(loop.variable)} {  // one for each ${loop.variable} in ${loop.low}..${loop.high}`,
        ...members(inner).map((line) => `    ${line}`),
        `} ${memberOf(loop)}[${loop.high - loop.low}];`,
      );
    }
    return lines;
  }

  function bindings(group: Group): string[] {
    const lines = group.slots.flatMap((w) => bindingOf(w, `weights.${access(w.name, (l) => l)}`, number));
    for (const inner of group.inner.values()) {
      const loop = inner.loop!;
      const head = `for (int64_t ${loop.variable} = ${loop.low}; ${loop.variable} < ${loop.high}; ++${loop.variable}) {`;
      lines.push(head, ...bindings(inner).map((line) => `    ${line}`), "}");
    }
    return lines;
  }

  return {
    count: program.weights.length,
    bytes: program.weights.reduce((sum, w) => sum + bytesOf(w), 0),
    packs: program.weights.some((w) => w.layout.kind === "packed"),
    members: members(root),
    bindings: bindings(root),
    access,
  };
}

/** Bytes of a slot in all iterations of its loops; weights have constant sizes. */
export function bytesOf(w: WeightSlot): number {
  const elements = w.shape.reduce((product, p) => product * p.constant, 1);
  return w.loops.reduce((n, l) => n * (l.high - l.low), elements * byteSize(w.dtype));
}

/** The name in the checkpoint as a C++ expression: `"layers." + std::to_string(l) + ".wq"`. */
function sourceExpression(source: WeightSlot["source"], number: (p: Poly) => string): string {
  const pieces = source.map((piece) =>
    typeof piece === "string" ? JSON.stringify(piece) : `std::to_string(${number(piece)})`,
  );
  if (pieces.length === 0) return '""';
  return pieces.join(" + ");
}

function bindingOf(w: WeightSlot, place: string, number: (p: Poly) => string): string[] {
  const name = sourceExpression(w.source, number);
  const shape = `{${w.shape.map(number).join(", ")}}`;
  if (w.layout.kind === "stored") return [`bound.as_stored(&${place}, ${name}, ${shape});`];
  const [columns, depth] = [number(w.layout.n), number(w.layout.k)];
  return [
    `bound.in_panels(&${place}, ${name}, ${shape}, ` +
      `/*columns*/ ${columns}, /*depth*/ ${depth}, /*depth is contiguous*/ ${w.layout.kContiguous});`,
  ];
}
