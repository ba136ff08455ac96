/** Names and what they stand for; inner scopes see outer ones. */
import type { Expr } from "../../ir/ast.ts";
import type { Span } from "../../ir/source.ts";
import type { Value } from "./values.ts";

export type Binding = { value: Value; readonly span: Span | undefined };

/** `module` scopes hold items, imports and builtins: an index variable may bear such a name. */
export type ScopeKind = "module" | "body" | "indices";

export class Scope {
  readonly kind: ScopeKind;
  readonly parent: Scope | undefined;
  readonly names = new Map<string, Binding>();
  /** Values of calls made here: a call that was looked at for the sizes it gives is not made again. */
  readonly calls = new Map<Expr, Value>();

  constructor(kind: ScopeKind, parent: Scope | undefined) {
    this.kind = kind;
    this.parent = parent;
  }

  get(name: string): Binding | undefined {
    return this.names.get(name) ?? this.parent?.get(name);
  }

  set(name: string, value: Value, span: Span | undefined): void {
    this.names.set(name, { value, span });
  }

  /** The binding of `name` outside of module scopes. */
  local(name: string): Binding | undefined {
    if (this.kind === "module") return undefined;
    return this.names.get(name) ?? this.parent?.local(name);
  }

  /** The innermost scope that holds `name`, module scopes excluded. */
  holder(name: string): Scope | undefined {
    if (this.kind === "module") return undefined;
    return this.names.has(name) ? this : this.parent?.holder(name);
  }

  /** The value of a call made here or, through scopes of index variables, around here. */
  called(e: Expr): Value | undefined {
    return this.calls.get(e) ?? (this.kind === "indices" ? this.parent?.called(e) : undefined);
  }

  all(): string[] {
    return [...this.names.keys(), ...(this.parent?.all() ?? [])];
  }
}
