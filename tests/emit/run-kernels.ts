/**
 * Runs the kernels of programs without the project around them: one translation unit with the kernels and the
 * calls of every entry, compiled once for all cases, run with the tensors of each call in files.
 */
import { execFileSync, type StdioOptions } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { archFlags, hostArch, languageFlags } from "../../src/emit/arch.ts";
import { cppType } from "../../src/emit/cpp.ts";
import { kernelSource } from "../../src/emit/kernels/source.ts";
import { templatePath } from "../../src/emit/template.ts";
import { runTool } from "../../src/emit/toolchain.ts";
import { valueAt } from "../../src/ir/bounds.ts";
import type { DType } from "../../src/ir/dtype.ts";
import type { Shape } from "../../src/ir/hlir.ts";
import type { Kernel } from "../../src/ir/kernel.ts";
import type { Argument, LEntry, Program, Step, WeightSlot } from "../../src/ir/llir.ts";
import { type Poly, printPoly } from "../../src/ir/poly.ts";
import type { WeightSource } from "../../src/lower/interpret.ts";
import { filled, fromBytes, type Tensor, toBytes } from "../../src/lower/tensor.ts";

export type CompiledCall = {
  readonly dims: Readonly<Record<string, number>>;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly weights?: WeightSource;
  /** Replaced by what the call leaves in them. */
  readonly states?: Map<string, Tensor>;
};

export type CompiledAnswer = {
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly taps: Readonly<Record<string, Tensor>>;
  /** What a kernel noted about an index from data, undefined where all were inside. */
  readonly fault: string | undefined;
};

type Case = { readonly program: Program; readonly number: number };

/** Programs that are compiled together. */
export class Bundle {
  private readonly cases = new Map<string, Case>();
  private dir: string | undefined;
  private readonly writer: Writer;

  constructor(writer: Writer = cpuWriter) {
    this.writer = writer;
  }

  add(name: string, program: Program): void {
    this.cases.set(name, { program, number: this.cases.size });
  }

  /** By the writer's own compiler, beside others. Throws with its words. */
  async build(): Promise<void> {
    const { tool } = this.writer;
    if (tool === undefined) return this.compile();
    const dir = this.write();
    const [source, object] = [join(dir, "main.cpp"), join(dir, "main.o")];
    const compile = [...tool.flags, ...this.writer.flags, `-I${dir}`, "-c", source, "-o", object];
    const link = [object, ...(this.writer.link ?? []), "-o", join(dir, "run")];
    for (const words of [compile, link]) {
      const { code, output } = await runTool(tool.path, words);
      if (code !== 0) throw new Error(`${source} does not compile:\n${output.slice(0, 4000)}`);
    }
  }

  private write(): string {
    this.dir = mkdtempSync(join(tmpdir(), "lumc-kernels-"));
    writeFileSync(join(this.dir, "kernels.h"), this.writer.header);
    writeFileSync(join(this.dir, "main.cpp"), sourceOf([...this.cases.values()], this.writer));
    return this.dir;
  }

  /** Throws with the compiler's words. */
  compile(options: { compiler?: string; flags?: readonly string[]; level?: string } = {}): void {
    const dir = this.write();
    const flags = [
      "-std=c++17",
      options.level ?? "-O1",
      ...archFlags(hostArch()),
      ...this.writer.flags,
      ...(options.flags ?? []),
    ];
    const include = [`-I${dir}`];
    const [source, object] = [join(dir, "main.cpp"), join(dir, "main.o")];
    const compiler = options.compiler ?? "g++";
    const stdio: StdioOptions = ["ignore", "ignore", "pipe"];
    try {
      execFileSync(compiler, [...flags, ...include, "-c", source, "-o", object], { stdio });
      const link = this.writer.link ?? flags;
      execFileSync(compiler, [object, ...this.writer.objects(), ...link, "-o", join(dir, "run")], { stdio });
    } catch (error) {
      const text = String((error as { stderr?: Buffer }).stderr ?? error);
      throw new Error(`${source} does not compile:\n${text.slice(0, 4000)}`);
    }
  }

  run(name: string, entryName: string, call: CompiledCall): CompiledAnswer {
    const found = this.cases.get(name);
    const entry = found?.program.entries.find((e) => e.name === entryName);
    if (found === undefined || entry === undefined || this.dir === undefined)
      throw new Error(`no case ${name}.${entryName}`);
    const dir = join(this.dir, "call");
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir);
    const { program } = found;
    for (const i of entry.inputs) writeFileSync(join(dir, `input_${i.name}`), toBytes(call.inputs[i.name]));
    for (const w of program.weights) writeWeight(dir, w, call.weights);
    for (const s of program.states) {
      const now = call.states?.get(s.name) ?? filled(s.dtype, numbers(s.shape, call.dims), s.init);
      writeFileSync(join(dir, `state_${s.name}`), toBytes(now));
    }
    const dims = entry.dims.map((d) => String(call.dims[d]));
    const said = execFileSync(join(this.dir, "run"), [String(found.number), entryName, dir, ...dims], {
      encoding: "utf8",
    });
    const read = (kind: string, t: { name: string; shape: Shape; dtype: DType }): [string, Tensor] => [
      t.name,
      fromBytes(t.dtype, numbers(t.shape, call.dims), readFileSync(join(dir, `${kind}_${t.name}`))),
    ];
    for (const s of program.states) call.states?.set(...read("state", s));
    return {
      outputs: Object.fromEntries(entry.outputs.map((o) => read("output", o))),
      taps: Object.fromEntries(entry.taps.map((o) => read("tap", o))),
      fault: said.trim() === "" ? undefined : said.trim(),
    };
  }

  remove(): void {
    if (this.dir !== undefined) rmSync(this.dir, { recursive: true, force: true });
  }
}

const numbers = (shape: Shape, dims: Readonly<Record<string, number>>): number[] =>
  shape.map((p) => valueAt(p, new Map(Object.entries(dims))));

/** One file per combination of the loops around it, in order. */
function writeWeight(dir: string, w: WeightSlot, weights: WeightSource | undefined): void {
  if (weights === undefined) throw new Error(`no weights given for ${w.name}`);
  const parts: Uint8Array[] = [];
  const visit = (depth: number, at: Record<string, number>): void => {
    const loop = w.loops[depth];
    if (loop === undefined)
      parts.push(toBytes(weights(w.layout.kind === "filters" ? w.layout.of : w.name, at)));
    else for (let i = loop.low; i < loop.high; i++) visit(depth + 1, { ...at, [loop.variable]: i });
  };
  visit(0, {});
  writeFileSync(join(dir, `weight_${w.name}`), Buffer.concat(parts));
}

/** How a target's kernels are written, called and compiled. */
export type Writer = {
  readonly header: string;
  /** A compiler in place of g++, with flags of its own. */
  readonly tool?: { readonly path: string; readonly flags: readonly string[] };
  readonly flags: readonly string[];
  /** Flags for linking; those for compiling if left out. */
  readonly link?: readonly string[];
  /** Compiled by now, for linking. */
  readonly objects: () => readonly string[];
  readonly before: string;
  readonly kernels: (program: Program) => readonly string[];
  /** What stands between the kernels and the entries; defines `char* allocate(size_t bytes)`. */
  readonly runtime: string;
  /** Before the calls of an entry, with room for packing and checks. */
  readonly prepare: (program: Program, entry: LEntry, number: number) => readonly string[];
  readonly argument: (kind: "workspace" | "check" | "dims") => string;
  readonly call: (kernel: Kernel, number: number, args: readonly string[]) => string;
  /** After the calls: says what a kernel noted. */
  readonly report: (program: Program) => readonly string[];
};

export const cpuWriter: Writer = {
  header: '#pragma once\n#include "runtime/index_check.h"\n#include "runtime/types.h"\n',
  flags: [...languageFlags, "-fopenmp", `-I${templatePath("cpu")}`],
  objects: () => [],
  before: '#include "runtime/simd.h"',
  kernels: (program) => program.kernels.map(kernelSource),
  runtime: `#include "runtime/gemm.h"
static std::vector<std::unique_ptr<char, decltype(&std::free)>> owned;
static char* allocate(size_t bytes) {
    owned.emplace_back(static_cast<char*>(std::aligned_alloc(64, (bytes + 127) / 64 * 64)), &std::free);
    return owned.back().get();
}`,
  prepare: () => [
    "    char* workspace = space(static_cast<size_t>(lum::gemm_workspace_bytes(lum::threads())));",
    "    (void)workspace;",
    "    lum::IndexCheck check;",
  ],
  argument: (kind) => (kind === "check" ? "&check" : kind),
  call: (kernel, number, args) => `kernels_${number}::${kernel.name}(${args.join(", ")});`,
  report: () => [
    '    if (check.failed()) std::printf("%s: %lld of %lld\\n", check.what(), static_cast<long long>(check.index()), static_cast<long long>(check.size()));',
  ],
};

function sourceOf(cases: readonly Case[], writer: Writer): string {
  const kernels = cases.flatMap(({ program, number }) =>
    writer
      .kernels(program)
      .map((text) => text.replaceAll("namespace kernels", `namespace kernels_${number}`)),
  );
  return [
    writer.before,
    ...kernels,
    "#include <cstdio>\n#include <cstdlib>\n#include <cstring>\n#include <memory>\n#include <string>\n#include <vector>",
    writer.runtime,
    runtime,
    ...cases.flatMap(({ program, number }) =>
      program.entries.map((e) => entryFunction(program, e, number, writer)),
    ),
    "int main(int, char** argv) {",
    "    const std::string wanted = std::string(argv[1]) + '.' + argv[2];",
    ...cases.flatMap(({ program, number }) =>
      program.entries.map(
        (e) => `    if (wanted == "${number}.${e.name}") return case_${number}_${e.name}(argv[3], argv + 4);`,
      ),
    ),
    "    return 2;",
    "}",
    "",
  ].join("\n");
}

const runtime = `
static char* read_file(const std::string& path, size_t bytes) {
    char* data = allocate(bytes);
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr || std::fread(data, 1, bytes, file) != bytes) { std::printf("cannot read %s", path.c_str()); std::exit(1); }
    std::fclose(file);
    return data;
}
static char* space(size_t bytes) {
    char* data = allocate(bytes);
    std::memset(data, 0xee, bytes);
    return data;
}
static void write_file(const std::string& path, const char* data, size_t bytes) {
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr || std::fwrite(data, 1, bytes, file) != bytes) std::exit(1);
    std::fclose(file);
}
`;

function entryFunction(program: Program, entry: LEntry, number: number, writer: Writer): string {
  const lines: string[] = [`static int case_${number}_${entry.name}(const std::string dir, char** dims) {`];
  entry.dims.forEach((d, i) => lines.push(`    const lum::i64 dim_${d} = std::atoll(dims[${i}]);`));
  const bytes = (t: { shape: Shape; dtype: DType }): string =>
    [`sizeof(${cppType(t.dtype)})`, ...t.shape.map((p) => `static_cast<size_t>(${text(p)})`)].join(" * ");
  for (const i of entry.inputs)
    lines.push(`    char* input_${i.name} = read_file(dir + "/input_${i.name}", ${bytes(i)});`);
  for (const w of program.weights)
    lines.push(
      `    char* weight_${w.name} = read_file(dir + "/weight_${w.name}", ${[bytes(w), ...w.loops.map((l) => l.high - l.low)].join(" * ")});`,
    );
  for (const w of program.weights) lines.push(...packLines(w, bytes(w)));
  for (const s of program.states)
    lines.push(`    char* state_${s.name} = read_file(dir + "/state_${s.name}", ${bytes(s)});`);
  const made = [
    ...entry.outputs.map((o) => ({ ...o, kind: "output" })),
    ...entry.taps.map((o) => ({ ...o, kind: "tap" })),
  ];
  for (const o of made) lines.push(`    char* ${o.kind}_${o.name} = space(${bytes(o)});`);
  lines.push(`    char* arena = space(${program.arenaBytes});`);
  lines.push(...writer.prepare(program, entry, number));
  lines.push(...stepLines(program, entry, entry.steps, number, "    ", writer));
  for (const o of made)
    lines.push(`    write_file(dir + "/${o.kind}_${o.name}", ${o.kind}_${o.name}, ${bytes(o)});`);
  for (const s of program.states)
    lines.push(`    write_file(dir + "/state_${s.name}", state_${s.name}, ${bytes(s)});`);
  lines.push(...writer.report(program));
  lines.push("    (void)arena; (void)dims;");
  for (const x of [
    ...program.weights.map((w) => `weight_${w.name}`),
    ...program.states.map((s) => `state_${s.name}`),
    ...entry.inputs.map((i) => `input_${i.name}`),
  ])
    lines.push(`    (void)${x};`);
  for (const d of entry.dims) lines.push(`    (void)dim_${d};`);
  lines.push("    return 0;", "}", "");
  return lines.join("\n");
}

const text = (p: Poly): string =>
  `(${printPoly(p, (a) => {
    if (a.kind === "dim") return `dim_${a.name}`;
    if (a.kind === "loop") return `loop_${a.name}`;
    if (a.kind === "axis") return undefined;
    const [l, r] = [text(a.left), text(a.right)];
    if (a.kind === "div") return `(${l} / ${r})`;
    if (a.kind === "mod") return `(${l} % ${r})`;
    return a.kind === "min" ? `(${l} < ${r} ? ${l} : ${r})` : `(${l} > ${r} ? ${l} : ${r})`;
  })})`;

function stepLines(
  program: Program,
  entry: LEntry,
  steps: readonly Step[],
  number: number,
  indent: string,
  writer: Writer,
): string[] {
  return steps.flatMap((s) => {
    if (s.kind === "loop") {
      const v = `loop_${s.variable}`;
      return [
        `${indent}for (lum::i64 ${v} = ${text(s.low)}; ${v} < ${text(s.high)}; ++${v}) {`,
        ...stepLines(program, entry, s.steps, number, `${indent}    `, writer),
        `${indent}}`,
      ];
    }
    const kernel = program.kernels.find((k) => k.name === s.kernel)!;
    const given: readonly Argument[] = s.args;
    let next = 0;
    const args = kernel.params.map((p) => {
      if (p.kind === "workspace" || p.kind === "check" || p.kind === "dims") return writer.argument(p.kind);
      const a = given[next++];
      if (a.kind === "size") return text(a.value);
      return `reinterpret_cast<${p.kind === "pointer" ? cppType(p.dtype) : "char"}*>(${placeText(a, program, entry)})`;
    });
    return [indent + writer.call(kernel, number, args)];
  });
}

function placeText(a: Argument & { kind: "place" }, program: Program, entry: LEntry): string {
  const { place } = a;
  if (place.kind === "scratch") return `arena + ${place.offset}`;
  if (place.kind === "temporary")
    return `arena + ${entry.temporaries.find((t) => t.name === place.name)!.offset}`;
  if (place.kind !== "weight") return `${place.kind}_${place.name}`;
  const w = program.weights.find((x) => x.name === place.name)!;
  const position = w.loops.reduce(
    (at, l) => `(${at} * ${l.high - l.low} + loop_${l.variable} - ${l.low})`,
    "0",
  );
  const size =
    w.layout.kind !== "stored"
      ? `${w.name}_packed_bytes`
      : [`sizeof(${cppType(w.dtype)})`, ...w.shape.map((p) => text(p))].join(" * ");
  return `weight_${w.name} + ${position} * static_cast<lum::i64>(${size})`;
}

/** Bytes of a weight in its layout, and the call that makes it from `from` at `to`. */
function layoutText(w: WeightSlot): { bytes: string; pack: string } | undefined {
  const { layout } = w;
  if (layout.kind === "stored") return undefined;
  if (layout.kind === "filters") {
    const filters = `lum::WinogradFilters<${layout.tile}>{${layout.outputs}, ${layout.channels}}`;
    return { bytes: `${filters}.bytes()`, pack: `${filters}(from, to)` };
  }
  const type = `lum::PackedB<${cppType(w.dtype)}>`;
  const [n, k] = [text(layout.n), text(layout.k)];
  const strides = layout.kContiguous ? `${k}, 1` : `1, ${n}`;
  return {
    bytes: `lum::packed_elements<${type}>(${n}, ${k}) * sizeof(${cppType(w.dtype)})`,
    pack: `lum::pack_weights<${type}>(lum::Strided<${cppType(w.dtype)}>{from, ${strides}}, ${n}, ${k}, to)`,
  };
}

/** Lays a weight out as its kernels read it, one tensor per iteration of its loops. */
function packLines(w: WeightSlot, bytes: string): string[] {
  const made = layoutText(w);
  if (made === undefined) return [];
  const count = w.loops.reduce((product, l) => product * (l.high - l.low), 1);
  return [
    `    const lum::i64 ${w.name}_packed_bytes = static_cast<lum::i64>(${made.bytes});`,
    `    char* ${w.name}_panels = allocate(${w.name}_packed_bytes * ${count});`,
    `    for (lum::i64 i = 0; i < ${count}; ++i) {`,
    `        const auto* from = reinterpret_cast<const ${cppType(w.dtype)}*>(weight_${w.name} + i * static_cast<lum::i64>(${bytes}));`,
    `        auto* to = reinterpret_cast<${cppType(w.dtype)}*>(${w.name}_panels + i * ${w.name}_packed_bytes);`,
    `        ${made.pack};`,
    "    }",
    `    weight_${w.name} = ${w.name}_panels;`,
  ];
}
