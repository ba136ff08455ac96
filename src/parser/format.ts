/**
 * The one style of `.lum` files: two blanks of indentation, 100 columns, keywords of a run of declarations
 * padded to one width, single blank lines kept, every comment kept. Formatting twice changes nothing.
 */
import type {
  Comment,
  DimDecl,
  File,
  FnItem,
  Import,
  IndexTarget,
  Item,
  KernelItem,
  LayerItem,
  Param,
  Statement,
  Target,
  TypeExpr,
} from "../ir/ast.ts";
import type { Span } from "../ir/source.ts";
import { type Doc, group, hardline, ifBroken, indent, indentWidth, join, line, printDoc } from "./doc.ts";
import { expr, list, range, stringText, type } from "./format-expr.ts";
import { Trivia } from "./trivia.ts";

const width = 100;

export function format(file: File): string {
  return new Printer(file).print(file);
}

/** One line (or several) of the result, with what belongs to it. */
type Entry = {
  /** Where its text begins, for the comments and blank lines before it. */
  readonly start: number;
  readonly end: number;
  readonly print: () => void;
  /** Stands apart from its neighbours even where no blank line was written. */
  readonly apart: boolean;
};

type ListItem = { readonly doc: Doc; readonly span: Span };

class Printer {
  readonly #trivia: Trivia;
  readonly #lines: string[] = [];
  #depth = 0;

  constructor(file: File) {
    this.#trivia = new Trivia(file);
  }

  print(file: File): string {
    const entries = [...file.imports.map((i) => this.#import(i)), ...file.items.map((i) => this.#item(i))];
    entries.sort((a, b) => a.start - b.start);
    this.#entries(entries, file.span.end);
    return this.#lines.length === 0 ? "" : `${this.#lines.join("\n")}\n`;
  }

  // ---- lines

  #line(doc: Doc): void {
    const start = this.#depth * indentWidth;
    this.#lines.push(" ".repeat(start) + printDoc(doc, width, start));
  }

  #appendToLast(text: string): void {
    this.#lines[this.#lines.length - 1] += text;
  }

  #comment(comment: Comment): void {
    this.#lines.push(" ".repeat(this.#depth * indentWidth) + comment.text);
  }

  /** Entries of one block up to `end`, each with its comments and the blank line before it. */
  #entries(entries: readonly Entry[], end: number): void {
    const begin = this.#lines.length;
    const gap = (offset: number, apart: boolean) => {
      const first = this.#lines.length === begin;
      if (!first && (apart || this.#trivia.blankBefore(offset))) this.#lines.push("");
    };
    let previousApart = false;
    for (const entry of entries) {
      let apart = entry.apart || previousApart;
      for (const comment of this.#trivia.takeBefore(entry.start)) {
        gap(comment.span.start, apart);
        apart = false;
        this.#comment(comment);
      }
      gap(entry.start, apart);
      entry.print();
      // Comments inside a statement that has no lines of its own for them.
      const inside = this.#trivia.takeBefore(entry.end);
      const trailing = this.#trivia.takeTrailing(entry.end);
      for (const comment of trailing ? [...inside, trailing] : inside)
        this.#appendToLast(`  ${comment.text}`);
      previousApart = entry.apart;
    }
    for (const comment of this.#trivia.takeBefore(end)) {
      gap(comment.span.start, false);
      this.#comment(comment);
    }
  }

  /** `head {`, the entries one step deeper, `}`; `from` is where the search for the brace begins. Returns its end. */
  #block(head: Doc, statements: readonly Statement[], from: number, joined = false): number {
    const open = this.#trivia.find("{", from) + 1;
    const inHead = this.#trivia.takeBefore(open);
    const last = statements[statements.length - 1];
    const close = this.#trivia.find("}", Math.max(open, last?.span.end ?? 0));
    const printed = [head, " {"];
    if (joined) this.#appendToLast(` ${printDoc(printed, width, this.#depth * indentWidth)}`);
    else this.#line(printed);
    const trailing = this.#trivia.takeTrailing(open);
    for (const comment of trailing ? [...inHead, trailing] : inHead) this.#appendToLast(`  ${comment.text}`);
    const before = this.#lines.length;
    this.#depth++;
    this.#entries(this.#statements(statements), close);
    this.#depth--;
    if (this.#lines.length === before && !trailing && inHead.length === 0) this.#appendToLast("}");
    else this.#line("}");
    return close + 1;
  }

  // ---- lists with comments among their items

  #params(all: readonly Param[], from: number): Doc {
    const items = all.map((p) => ({ doc: param(p), span: p.span }));
    const close = this.#trivia.find(")", all.length > 0 ? all[all.length - 1].span.end : from);
    const lines = this.#commented(items, from, close);
    const plain = () =>
      list(
        "(",
        items.map((item) => item.doc),
        ")",
      );
    return lines ? ["(", indent(hardline, ...join(lines, hardline)), hardline, ")"] : plain();
  }

  #commas(items: readonly ListItem[]): Doc {
    const lines = this.#commented(items, items[0].span.start, items[items.length - 1].span.end);
    // The last comma of `#commented` is for lists in brackets.
    return lines
      ? indent(...join([...lines.slice(0, -1), items[items.length - 1].doc], hardline))
      : commas(items.map((item) => item.doc));
  }

  /** Lines of a list that has comments, each item with its comma; undefined if it has none. */
  #commented(items: readonly ListItem[], from: number, to: number): Doc[] | undefined {
    const ends = items.map((item) => item.span.end);
    const gaps = [...items.map((item) => item.span.start), to].map((end, i) =>
      this.#trivia.takeBetween(i === 0 ? from : ends[i - 1], end),
    );
    if (gaps.every((gap) => gap.length === 0)) return undefined;
    const lines: Doc[] = [];
    for (let i = 0; i < gaps.length; i++) {
      for (const comment of gaps[i]) {
        const trails = i > 0 && this.#trivia.sameLine(ends[i - 1], comment.span.start);
        if (trails) lines.push([lines.pop()!, "  ", comment.text]);
        else lines.push(comment.text);
      }
      if (i < items.length) lines.push([items[i].doc, ","]);
    }
    return lines;
  }

  // ---- items

  #import(i: Import): Entry {
    const names = i.names.map(({ name, alias }) => (alias ? `${name.name} as ${alias.name}` : name.name));
    const braces = group("{", indent(line, ...join(names, [",", line]), ifBroken(",")), line, "}");
    return this.#simple(i.span, () => ["import ", braces, " from ", stringText(i.from)]);
  }

  #simple(span: Span, doc: () => Doc): Entry {
    return { start: span.start, end: span.end, apart: false, print: () => this.#line(doc()) };
  }

  #item(item: Item): Entry {
    const { start, end } = item.span;
    const whole = (print: () => void): Entry => ({ start, end, apart: true, print });
    switch (item.kind) {
      case "define":
        return this.#statement(item, "");
      case "fn":
        return this.#function(item, () => this.#params(item.params, item.name.span.end));
      case "layer": {
        const from = item.name.span.end;
        const middle = Math.max(from, ...item.statics.map((p) => p.span.end));
        const statics = () => (item.statics.length > 0 ? this.#params(item.statics, from) : "");
        return this.#function(item, () => [statics(), this.#params(item.params, middle)]);
      }
      case "model": {
        const start = item.name.span.end;
        const from = Math.max(start, ...item.params.map((p) => p.span.end));
        const list = () => (item.params.length > 0 ? this.#params(item.params, start) : "");
        return whole(() => this.#block(["model ", item.name.name, list()], item.body, from));
      }
      case "kernel":
        return whole(() => this.#kernel(item));
      default:
        return item satisfies never;
    }
  }

  #function(item: FnItem | LayerItem, params: () => Doc): Entry {
    const { body, span } = item;
    const signature = () => [`${item.kind} `, item.name.name, params(), arrow(item.result)];
    if (body.kind === "expr") return this.#simple(span, () => [signature(), " = ", expr(body.value)]);
    const print = () => this.#block(signature(), body.statements, body.span.start);
    return { start: span.start, end: span.end, apart: true, print };
  }

  #kernel(k: KernelItem): void {
    const open = this.#trivia.find("{", k.result.span.end) + 1;
    this.#line(["kernel ", k.name.name, this.#params(k.params, k.name.span.end), arrow(k.result), " {"]);
    const trailing = this.#trivia.takeTrailing(open);
    if (trailing) this.#appendToLast(`  ${trailing.text}`);
    const from = this.#trivia.wordBefore("reference", k.reference.span.start);
    const reference = this.#simple({ ...k.reference.span, start: from }, () => [
      "reference ",
      expr(k.reference),
    ]);
    const sources = k.sources.map((s) => {
      const grid = s.grid.length > 0 ? [" grid", list("(", s.grid.map(expr), ")")] : "";
      const block = s.block.length > 0 ? [" block", list("(", s.block.map(expr), ")")] : "";
      return this.#simple(s.span, () => [s.target.name, grid, block, " ", stringText(s.code)]);
    });
    this.#depth++;
    this.#entries([reference, ...sources], k.span.end - 1);
    this.#depth--;
    this.#line("}");
  }

  // ---- statements

  #statements(statements: readonly Statement[]): Entry[] {
    const entries: Entry[] = [];
    const widths = this.#keywordWidths(statements);
    for (let i = 0; i < statements.length; i++) {
      const at = statements[i];
      if (at.kind !== "dim") {
        entries.push(this.#statement(at, "".padEnd(widths[i])));
        continue;
      }
      const dims: DimDecl[] = [at];
      for (
        let next = statements[i + 1];
        next?.kind === "dim" && this.#sameLine(dims, next);
        next = statements[i + 1]
      ) {
        dims.push(next);
        i++;
      }
      const texts = () => dims.map((d) => ({ doc: [d.name.name, " in ", range(d)], span: d.span }));
      const start = this.#trivia.wordBefore("dim", at.span.start);
      const end = dims[dims.length - 1].span.end;
      const doc = () => ["dim".padEnd(widths[i]), " ", this.#commas(texts())];
      entries.push(this.#simple({ ...at.span, start, end }, doc));
    }
    return entries;
  }

  /** `dim a in 1..4, b in 0..a` is two declarations, with a comma between. */
  #sameLine(dims: readonly DimDecl[], next: DimDecl): boolean {
    const between = this.#trivia.between(dims[dims.length - 1].span.end, next.span.start);
    return /^\s*,\s*$/.test(between);
  }

  /** Width of the keyword column for each statement: that of the longest keyword in its run of declarations. */
  #keywordWidths(statements: readonly Statement[]): number[] {
    const widths = statements.map(() => 0);
    let first = 0;
    for (let i = 0; i <= statements.length; i++) {
      const at = statements[i];
      const declares = at !== undefined && declarations.has(at.kind);
      const apart = i > 0 && declares && this.#trivia.blankBetween(statements[i - 1].span.end, at.span.start);
      if (declares && !apart) continue;
      const run = statements.slice(first, i).filter((s) => declarations.has(s.kind));
      const longest = Math.max(0, ...run.map((s) => s.kind.length));
      for (let k = first; k < i; k++) widths[k] = longest;
      first = i;
    }
    return widths;
  }

  #statement(s: Statement, pad: string): Entry {
    const keyword = (word: string) => [word.padEnd(pad.length), " "];
    const { start, end } = s.span;
    const block = (print: () => void): Entry => ({ start, end, apart: false, print });
    switch (s.kind) {
      case "dim":
        return this.#simple(s.span, () => [...keyword("dim"), s.name.name, " in ", range(s)]);
      case "input":
        return this.#simple(s.span, () => [
          ...keyword("input"),
          this.#commas(s.items.map((i) => ({ doc: [i.name.name, ": ", type(i.type)], span: i.span }))),
        ]);
      case "weight": {
        const from = (text: (typeof s.items)[number]["from"]) => (text ? [" from ", stringText(text)] : "");
        const item = (i: (typeof s.items)[number]) => [i.name.name, ": ", type(i.type), from(i.from)];
        const items = () => s.items.map((i) => ({ doc: item(i), span: i.span }));
        return this.#simple(s.span, () => [...keyword("weight"), this.#commas(items())]);
      }
      case "state": {
        const names = join(
          s.names.map((n) => n.name),
          ", ",
        );
        const init = s.init ? [" = ", expr(s.init)] : "";
        return this.#simple(s.span, () => [...keyword("state"), ...names, ": ", type(s.type), init]);
      }
      case "define":
        return this.#simple(s.span, () => [...join(s.targets.map(target), ", "), " = ", expr(s.value)]);
      case "output":
        return this.#simple(s.span, () => [
          "output ",
          target(s.target),
          s.value ? [" = ", expr(s.value)] : "",
        ]);
      case "update":
        return this.#simple(s.span, () => [target(s.target), " := ", expr(s.value)]);
      case "emit":
        return this.#simple(s.span, () => ["emit ", target(s.target), " = ", expr(s.value)]);
      case "return":
        return this.#simple(s.span, () => ["return ", commas(s.values.map(expr))]);
      case "tap":
        return this.#simple(s.span, () => ["tap ", commas(s.names.map((n) => n.name))]);
      case "if":
        return block(() => this.#if(s, false));
      case "for": {
        const prefix = s.prefix ? [" prefix ", stringText(s.prefix)] : "";
        const head = ["for ", s.variable.name, " in ", range(s.range), prefix];
        return block(() => this.#block(head, s.body, (s.prefix ?? s.range).span.end));
      }
      case "scan": {
        const carried = s.carried.map((c) => [c.name.name, " = ", expr(c.init)]);
        const head = ["scan ", s.variable.name, " in ", range(s.range), " with ", commas(carried)];
        const from = Math.max(s.range.span.end, ...s.carried.map((c) => c.init.span.end));
        return block(() => this.#block(head, s.body, from));
      }
      case "entry":
        return block(() => this.#block(["entry ", s.name.name], s.body, s.name.span.end));
      default:
        return s satisfies never;
    }
  }

  #if(s: Extract<Statement, { kind: "if" }>, joined: boolean): void {
    const end = this.#block(["if ", expr(s.condition)], s.then, s.condition.span.end, joined);
    if (s.otherwise === undefined) return;
    const chained = s.otherwise[0];
    if (
      s.otherwise.length === 1 &&
      chained.kind === "if" &&
      this.#trivia.between(end, chained.span.start).trim() === "else"
    ) {
      this.#appendToLast(" else");
      this.#if(chained, true);
    } else {
      this.#block("else", s.otherwise, end, true);
    }
  }
}

const declarations = new Set<Statement["kind"]>(["dim", "input", "weight", "state"]);

function commas(docs: readonly Doc[]): Doc {
  return docs.length === 1 ? docs[0] : group(indent(...join(docs, [",", line])));
}

/** A result type stays on one line: the parameters before it break first. */
function arrow(result: TypeExpr | undefined): Doc {
  return result ? ` -> ${printDoc(type(result), Number.POSITIVE_INFINITY, 0)}` : "";
}

function param(p: Param): Doc {
  return [p.name.name, p.type ? [": ", type(p.type)] : "", p.default ? [" = ", expr(p.default)] : ""];
}

function target(t: Target): Doc {
  return t.indices ? [t.name.name, list("[", t.indices.map(indexTarget), "]")] : t.name.name;
}

function indexTarget(i: IndexTarget): Doc {
  if (i.slice) return range(i.slice);
  return i.range ? [expr(i.value), " in ", range(i.range)] : expr(i.value);
}
