/** The TypeScript loader of a project: `index.ts` for this model, `native.ts` for any, and their declarations. */
import { readFileSync } from "node:fs";
import {
  type ClassDeclarationStructure,
  type GetAccessorDeclarationStructure,
  type ImportSpecifierStructure,
  IndentationText,
  type MethodDeclarationStructure,
  type OptionalKind,
  Project,
  Scope,
  type StatementStructures,
  StructureKind,
  ts,
  VariableDeclarationKind,
} from "ts-morph";
import { pascalCase } from "./names.ts";
import type { ProjectView, StateView } from "./view.ts";
import type { ArgumentView, EntryView } from "./view-entry.ts";

type Method = OptionalKind<MethodDeclarationStructure>;

const nativeText = (): string => readFileSync(new URL("../loader/native.ts", import.meta.url), "utf8");

export function loaderFiles(view: ProjectView): Map<string, string> {
  const index = indexText(view);
  const native = nativeText();
  return new Map([
    ["index.ts", index],
    ["index.d.ts", declarations("index.ts", index)],
    ["native.ts", native],
    ["native.d.ts", declarations("native.ts", native)],
    ["package.json", packageText(view)],
  ]);
}

function declarations(fileName: string, text: string): string {
  const { outputText } = ts.transpileDeclaration(text, {
    fileName,
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, strict: true },
  });
  // A method under a symbol is declared twice, first as a property.
  return outputText.replace(/^ *\[Symbol\.dispose\]: \(\) => void;\n/gm, "");
}

function packageText(view: ProjectView): string {
  const text = {
    name: view.model.id.replaceAll("_", "-"),
    version: "0.1.0",
    description: `Loader of the compiled model ${view.model.title}`,
    type: "module",
    private: true,
    exports: { ".": { types: "./index.d.ts", default: "./index.ts" } },
    engines: { node: ">=22.18" },
    dependencies: { koffi: "^3.3.4" },
  };
  return `${JSON.stringify(text, null, 2)}\n`;
}

/** What `index.ts` uses by these names, so that no class may be called so. */
const usedTypes =
  /^(?:LoadOptions|ModelSpec|NativeModel|ModelError|Timing|Partial|Record|BigInt64Array|(?:Float32|Float64|Uint8|Uint16|Int8|Int16|Int32)Array|.*(?:Arguments|Results))$/;

const className = (view: ProjectView): string => {
  const { title } = view.model;
  if (!/^[A-Za-z_]/.test(title)) return `Model${title}`;
  return usedTypes.test(title) ? `${title}Model` : title;
};

/** The method that calls an entry; those that every model has keep their names. */
const methodName = (entry: EntryView): string =>
  /^(?:native|state|timings|resetTimings|close|constructor)_*$/.test(entry.name)
    ? `${entry.name}_`
    : entry.name;

/** Its type: `ForwardResults`; an entry that isn't in snake case keeps its name, so that `aB` isn't `a_b`. */
const typeName = (entry: EntryView, what: string): string =>
  `${/^[a-z0-9]+(?:_[a-z0-9]+)*$/.test(entry.name) ? pascalCase(entry.name) : entry.name}${what}`;

/** The member for a state beside `reset`. */
const stateName = (s: StateView): string => (/^reset_*$/.test(s.name) ? `${s.name}_` : s.name);

/** Lines that load the model and call its first entry. */
export function loaderExample(view: ProjectView): string[] {
  const entry = view.entries[0];
  const name = className(view);
  const args = [...entry.dims, ...entry.inputs].map((a) => a.name).join(", ");
  const outputs = entry.outputs.map((t) => t.name).join(", ");
  const weights = view.weights.count > 0 ? `{ weights: "model.safetensors" }` : "";
  return [
    `import { ${name} } from "./index.ts";`,
    "",
    `using model = ${name}.load(${weights});`,
    `const { ${outputs} } = model.${methodName(entry)}({ ${args} });`,
  ];
}

/** All at once: ts-morph would parse the file again after each part that is added to it. */
function indexText(view: ProjectView): string {
  const project = new Project({
    useInMemoryFileSystem: true,
    manipulationSettings: { indentationText: IndentationText.TwoSpaces },
  });
  const file = project.createSourceFile("index.ts", {
    statements: [
      `/**\n * ${view.model.title}, compiled from ${view.model.source}. Arrays are row-major; f16 and bf16 travel as their bits\n` +
        ` * in a Uint16Array (\`toFloat32\`, \`fromFloat32\`). Nothing here is thread-safe: one call at a time per model.\n */`,
      ...imports,
      ...view.entries.flatMap(entryTypes),
      specStatement(view),
      classStructure(view),
    ],
  });
  file.formatText({ indentSize: 2 });
  return file.getFullText();
}

const typeOnly = (name: string): ImportSpecifierStructure => ({
  kind: StructureKind.ImportSpecifier,
  name,
  isTypeOnly: true,
});

const imports: readonly StatementStructures[] = [
  { kind: StructureKind.ImportDeclaration, moduleSpecifier: "node:url", namedImports: ["fileURLToPath"] },
  {
    kind: StructureKind.ImportDeclaration,
    moduleSpecifier: "./native.ts",
    namedImports: [typeOnly("LoadOptions"), typeOnly("ModelSpec"), "NativeModel", typeOnly("Timing")],
  },
  {
    kind: StructureKind.ExportDeclaration,
    leadingTrivia: "\n",
    moduleSpecifier: "./native.ts",
    namedExports: [
      "fromFloat32",
      { name: "LoadOptions", isTypeOnly: true },
      "ModelError",
      { name: "Timing", isTypeOnly: true },
      "toFloat32",
    ],
  },
];

function entryTypes(entry: EntryView): StatementStructures[] {
  const tensor = (t: ArgumentView) => ({ name: t.name, type: t.array, docs: [t.text], isReadonly: true });
  return [
    {
      kind: StructureKind.TypeAlias,
      leadingTrivia: "\n",
      name: typeName(entry, "Arguments"),
      isExported: true,
      docs: [`What \`${entry.name}\` takes.`],
      type: objectType([
        ...entry.dims.map((d) => ({ name: d.name, type: "number", docs: [d.range], isReadonly: true })),
        ...entry.inputs.map(tensor),
      ]),
    },
    {
      kind: StructureKind.TypeAlias,
      leadingTrivia: "\n",
      name: typeName(entry, "Results"),
      isExported: true,
      docs: [`What \`${entry.name}\` gives.`],
      type: objectType(entry.outputs.map(tensor)),
    },
  ];
}

function objectType(members: readonly { name: string; type: string; docs: string[] }[]): string {
  if (members.length === 0) return "Record<string, never>";
  return `{\n${members.map((m) => `/** ${m.docs[0]} */\nreadonly ${m.name}: ${m.type};`).join("\n")}\n}`;
}

const specStatement = (view: ProjectView): StatementStructures => ({
  kind: StructureKind.VariableStatement,
  leadingTrivia: "\n",
  declarationKind: VariableDeclarationKind.Const,
  docs: ["Names, dtypes, and sizes over the dims."],
  declarations: [{ name: "spec", type: "ModelSpec", initializer: specText(view) }],
});

export function specText(view: ProjectView): string {
  const sizes = (t: { tsShape: string; usesDims: boolean }): string =>
    `(${t.usesDims ? "d" : ""}) => ${t.tsShape}`;
  const tensor = (t: ArgumentView): string =>
    `{ name: "${t.name}", dtype: "${t.dtype}", text: "${t.shape}", shape: ${sizes(t)} }`;
  const list = (items: readonly string[]): string =>
    items.length === 0 ? "[]" : `[\n${items.join(",\n")},\n]`;
  const bound = (text: string): string => `(${text.includes("d.") ? "d" : ""}) => ${text}`;
  const entries = view.entries.map(
    (e) => `{
      name: "${e.name}",
      function: "${e.function}",
      dims: ${list(e.dims.map((d) => `{ name: "${d.name}", range: "${d.range}", low: ${bound(d.tsLow)}, high: ${bound(d.tsHigh)} }`))},
      inputs: ${list(e.inputs.map(tensor))},
      outputs: ${list(e.outputs.map(tensor))},
      taps: ${list(e.taps.map(tensor))},
    }`,
  );
  const states = view.states.map(
    (s) => `{ name: "${s.name}", dtype: "${s.dtype}", text: "${s.shape}", shape: () => ${s.shape} }`,
  );
  return `{
    name: "${view.model.title}",
    prefix: "${view.model.id}",
    entries: ${list(entries)},
    states: ${list(states)},
  }`;
}

function classStructure(view: ProjectView): ClassDeclarationStructure {
  const name = className(view);
  return {
    kind: StructureKind.Class,
    name,
    isExported: true,
    docs: [`A ${view.model.title} in memory.`],
    properties: [{ name: "native", type: "NativeModel", isReadonly: true, scope: Scope.Private }],
    ctors: [
      {
        scope: Scope.Private,
        parameters: [{ name: "native", type: "NativeModel" }],
        statements: "this.native = native;",
      },
    ],
    getAccessors: view.states.length > 0 ? [stateAccessor(view.states)] : [],
    methods: [loadMethod(view, name), ...view.entries.flatMap(entryMethods), ...otherMethods],
  };
}

const loadMethod = (view: ProjectView, name: string): Method => ({
  name: "load",
  isStatic: true,
  docs: [
    `Makes a model with all the memory that it needs. Throws a ModelError that names every weight that doesn't fit.`,
  ],
  parameters: [
    { name: "options", type: loadOptions(view), ...(view.weights.count > 0 ? {} : { initializer: "{}" }) },
  ],
  returnType: name,
  statements: [
    `const built = \`build/lib${view.model.id}.\${process.platform === "darwin" ? "dylib" : "so"}\`;`,
    "const library = options.library ?? fileURLToPath(new URL(built, import.meta.url));",
    `return new ${name}(new NativeModel(library, spec, options));`,
  ],
});

const loadOptions = (view: ProjectView): string =>
  view.weights.count > 0 ? "LoadOptions & { readonly weights: string }" : "LoadOptions";

function entryMethods(entry: EntryView): Method[] {
  const dims = entry.dims.map((d) => `${d.name}: args.${d.name}`).join(", ");
  const inputs = entry.inputs.map((t) => `${t.name}: args.${t.name}`).join(", ");
  const shapes = entry.outputs.map((t) => `${t.name} ${t.text}`).join(", ");
  const braces = (text: string): string => (text === "" ? "{}" : `{ ${text} }`);
  const call: Method = {
    name: methodName(entry),
    docs: [`Gives ${shapes || "nothing"}. Arrays in \`into\` are filled instead of new ones.`],
    parameters: [
      { name: "args", type: typeName(entry, "Arguments") },
      { name: "into", type: `Partial<${typeName(entry, "Results")}>`, initializer: "{}" },
    ],
    returnType: typeName(entry, "Results"),
    statements: `return this.native.run("${entry.name}", ${braces(dims)}, ${braces(inputs)}, into) as ${typeName(entry, "Results")};`,
  };
  return [call, ...entry.taps.map((tap) => tapMethod(entry, tap))];
}

const tapMethod = (entry: EntryView, tap: ArgumentView): Method => ({
  name: `tap${pascalCase(entry.name)}${pascalCase(tap.name.replace(/\W/g, "_"))}`,
  docs: [`${tap.text}: what the last \`${entry.name}\` left there; the dims are those of that call.`],
  parameters: [{ name: "dims", type: `{ ${entry.dims.map((d) => `${d.name}: number`).join("; ")} }` }],
  returnType: tap.array,
  statements: `return this.native.readTap("${entry.name}", "${tap.name}", dims) as ${tap.array};`,
});

function stateAccessor(states: readonly StateView[]): OptionalKind<GetAccessorDeclarationStructure> {
  const accessor = (s: StateView): string => `{
    read: (): ${s.array} => this.native.readState("${s.name}") as ${s.array},
    write: (value: ${s.array}): void => this.native.writeState("${s.name}", value),
    reset: (): void => this.native.resetState("${s.name}"),
  }`;
  const type = (s: StateView): string =>
    `/** ${s.text} */\nreadonly ${stateName(s)}: { read(): ${s.array}; write(value: ${s.array}): void; reset(): void };`;
  return {
    name: "state",
    docs: ["What survives from call to call. `reset` gives it the value that it had at load."],
    returnType: `{\n${states.map(type).join("\n")}\n/** All of it. */\nreset(): void;\n}`,
    statements: `return {\n${states.map((s) => `${stateName(s)}: ${accessor(s)},`).join("\n")}\nreset: (): void => this.native.resetState(),\n};`,
  };
}

const otherMethods: readonly Method[] = [
  {
    name: "timings",
    docs: ["Time spent in each kernel since load or `resetTimings`; load with `timings: true`."],
    returnType: "Timing[]",
    statements: "return this.native.timings();",
  },
  { name: "resetTimings", returnType: "void", statements: "this.native.resetTimings();" },
  {
    name: "close",
    docs: ["Frees its memory. `using` does it at the end of a scope."],
    returnType: "void",
    statements: "this.native.close();",
  },
  { name: "[Symbol.dispose]", returnType: "void", statements: "this.close();" },
];
