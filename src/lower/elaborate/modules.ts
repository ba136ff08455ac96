/** Files and what they export; `import` resolves to `std/` or to a path beside the importing file. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import type * as Ast from "../../ir/ast.ts";
import type { SourceFile } from "../../ir/source.ts";
import { nearest } from "../../nearest.ts";
import { parse } from "../../parser/parse.ts";
import { builtins } from "./builtins.ts";
import { type Context, Failure, fail, Silent, type Site } from "./context.ts";
import { evaluate } from "./expressions.ts";
import { Scope } from "./scope.ts";
import type { Value } from "./values.ts";

/** Reads the text of a module; undefined where there is none. Replaced in tests. */
export type ReadModule = (path: string) => string | undefined;

const standardLibrary = fileURLToPath(new URL("../../../std/", import.meta.url));

export const readFromDisk: ReadModule = (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined);

export type Module = { readonly file: Ast.File; readonly scope: Scope };

export type Modules = {
  readonly read: ReadModule;
  readonly loaded: Map<string, Module>;
  /** Paths being loaded, outermost first. */
  readonly loading: string[];
};

export const createModules = (read: ReadModule): Modules => ({ read, loaded: new Map(), loading: [] });

function builtinScope(): Scope {
  const scope = new Scope("module", undefined);
  for (const name of builtins.keys()) scope.set(name, { kind: "builtin", name }, undefined);
  return scope;
}

/** Parses a file, binds its imports and items; syntax errors go to the diagnostics. */
export function loadModule(cx: Context, modules: Modules, source: SourceFile): Module {
  const { file, diagnostics } = parse(source);
  for (const d of diagnostics) cx.diagnostics.add(d);
  const scope = new Scope("module", builtinScope());
  const module: Module = { file, scope };
  modules.loading.push(source.path);
  for (const i of file.imports)
    guarded(
      cx,
      () => bindImport(cx, modules, module, i),
      () => poisonImport(scope, i),
    );
  for (const item of file.items)
    guarded(
      cx,
      () => bindItem(cx, module, item),
      () => poisonItem(scope, item),
    );
  modules.loading.pop();
  return module;
}

function poisonImport(scope: Scope, i: Ast.Import): void {
  for (const { name, alias } of i.names)
    if (!scope.names.has((alias ?? name).name))
      scope.set((alias ?? name).name, { kind: "poison" }, name.span);
}

function poisonItem(scope: Scope, item: Ast.Item): void {
  if (item.kind === "define")
    for (const t of item.targets) scope.set(t.name.name, { kind: "poison" }, t.name.span);
}

export function guarded(cx: Context, run: () => void, otherwise: () => void): void {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) for (const d of error.diagnostics) cx.diagnostics.add(d);
    else if (!(error instanceof Silent)) throw error;
    otherwise();
  }
}

function resolvePath(from: string, to: string): string {
  const name = to.endsWith(".lum") ? to : `${to}.lum`;
  return name.startsWith("std/")
    ? join(standardLibrary, name.slice(4))
    : normalize(join(dirname(from), name));
}

function bindImport(cx: Context, modules: Modules, module: Module, i: Ast.Import): void {
  const path = resolvePath(module.file.source.path, i.from.value);
  if (modules.loading.includes(path))
    fail("LUM2121", i.from.span, {
      chain: [...modules.loading.slice(modules.loading.indexOf(path)), path].map(shortPath).join(" → "),
    });
  const other = modules.loaded.get(path) ?? load(cx, modules, path, i);
  for (const { name, alias } of i.names) {
    const found = other.scope.names.get(name.name);
    if (found === undefined) {
      const near = nearest(name.name, other.scope.names.keys());
      fail(
        "LUM2122",
        name.span,
        { name: name.name, module: i.from.value },
        near === undefined ? {} : { help: `did you mean \`${near}\`?` },
      );
    }
    bindOnce(module.scope, alias ?? name, found.value);
  }
}

/** Paths of the standard library print as they are imported. */
export const shortPath = (path: string): string =>
  path.startsWith(standardLibrary) ? `std/${path.slice(standardLibrary.length)}` : path;

function load(cx: Context, modules: Modules, path: string, i: Ast.Import): Module {
  const text = modules.read(path);
  if (text === undefined) {
    const known = existsSync(standardLibrary)
      ? readdirSync(standardLibrary).map((f) => `std/${f.replace(/\.lum$/, "")}`)
      : [];
    const near = nearest(i.from.value, known);
    fail(
      "LUM2120",
      i.from.span,
      { module: i.from.value, path: shortPath(path) },
      near === undefined ? {} : { help: `did you mean "${near}"?` },
    );
  }
  const module = loadModule(cx, modules, { path, text });
  modules.loaded.set(path, module);
  return module;
}

function bindOnce(scope: Scope, name: Ast.Ident, value: Value): void {
  const before = scope.names.get(name.name);
  if (before !== undefined && before.value.kind !== "poison")
    fail(
      "LUM2073",
      name.span,
      { name: name.name },
      before.span ? { notes: [{ text: "bound here before", span: before.span }] } : {},
    );
  scope.set(name.name, value, name.span);
}

function bindItem(cx: Context, module: Module, item: Ast.Item): void {
  const { scope } = module;
  switch (item.kind) {
    case "fn":
      return bindOnce(scope, item.name, { kind: "fn", item, scope });
    case "layer":
      return bindOnce(scope, item.name, {
        kind: "layer",
        item,
        scope,
        statics: undefined,
        prefix: undefined,
      });
    case "kernel":
      return bindOnce(scope, item.name, { kind: "kernel", item, scope });
    case "model":
      return;
    case "define": {
      const site: Site = { scope, prefix: [], path: [] };
      if (item.targets.length !== 1 || item.targets[0].indices !== undefined) fail("LUM2072", item.span, {});
      return bindOnce(scope, item.targets[0].name, evaluate(cx, site, item.value));
    }
  }
}
