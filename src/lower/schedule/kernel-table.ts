/** The program's kernels: structurally equal ones once, with distinct names. */

import { Names } from "../../emit/names.ts";
import type { Kernel } from "../../ir/kernel.ts";
import type { Built } from "./build.ts";

export class KernelTable {
  readonly kernels: Kernel[] = [];
  private readonly known = new Map<string, Kernel>();
  private readonly names = new Names();

  /** The kernel itself, its name with a suffix, or the equal one that came first, which can be called with the same arguments. */
  add(built: Built, suffix = ""): Built {
    const key = structureOf(built.kernel);
    const before = this.known.get(key);
    if (before !== undefined) return { kernel: before, args: built.args };
    const name = this.names.give(key, built.kernel.name, suffix);
    const kernel = { ...built.kernel, name };
    this.known.set(key, kernel);
    this.kernels.push(kernel);
    return { kernel, args: built.args };
  }
}

/**
 * Text of all that decides what a kernel does: names of parameters and locals are replaced by the order in which
 * they are declared, and the definition that it was made for is left out.
 */
export function structureOf(kernel: Kernel): string {
  const places = new Map<string, string>();
  const place = (name: string): string => {
    let found = places.get(name);
    if (found === undefined) {
      found = `$${places.size}`;
      places.set(name, found);
    }
    return found;
  };
  const named = new Set(["name", "from", "to", "best", "sum", "dot", "weighted", "total", "workspace"]);
  const write = (x: unknown, key: string): string => {
    if (typeof x === "string")
      return named.has(key) || (key === "at" && typeof x === "string") ? place(x) : JSON.stringify(x);
    if (typeof x !== "object" || x === null) return Object.is(x, -0) ? "-0" : String(x);
    if (Array.isArray(x)) return `[${x.map((y) => write(y, key)).join()}]`;
    if ("key" in x && "terms" in x)
      return writePoly(x as unknown as { key: string; terms: readonly { atoms: readonly unknown[] }[] });
    return `{${Object.entries(x)
      .filter(([k]) => k !== "what" && k !== "shapeText")
      .map(([k, y]) => `${k}:${write(y, k)}`)
      .join()}}`;
  };
  const sizes = kernel.params.filter((p) => p.kind === "size").map((p) => p.name);
  const writePoly = (p: { key: string }): string =>
    sizes.reduce((text, name) => text.replace(new RegExp(`\\b${name}\\b`, "g"), place(name)), p.key);
  const params = kernel.params.map((p) => write(p, "param")).join();
  const variables = kernel.variables.map((v) => write(v.size, "size")).join();
  return `${kernel.family}(${params})[${variables}]${write(kernel.tables, "tables")}${write(kernel.body, "body")}`;
}
