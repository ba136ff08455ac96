/**
 * Documents that know where they may break, after Wadler, "A prettier printer" (2003): a group is printed on
 * one line if it fits into the width, and else breaks at all of its own lines.
 */
export type Doc =
  | string
  | readonly Doc[]
  | { readonly kind: "group"; readonly content: Doc }
  | { readonly kind: "indent"; readonly content: Doc }
  | { readonly kind: "line"; readonly flat: string }
  | { readonly kind: "broken"; readonly text: string };

/** A break; on one line a blank, or nothing. */
export const line: Doc = { kind: "line", flat: " " };
/** A break that is always taken; no group around it fits on one line. */
export const hardline: Doc = { kind: "line", flat: "\n" };
export const softline: Doc = { kind: "line", flat: "" };

export const group = (...content: Doc[]): Doc => ({ kind: "group", content });
export const indent = (...content: Doc[]): Doc => ({ kind: "indent", content });
/** Text that appears only where the group around it is broken. */
export const ifBroken = (text: string): Doc => ({ kind: "broken", text });

export function join(docs: readonly Doc[], separator: Doc): Doc[] {
  return docs.flatMap((doc, i) => (i === 0 ? [doc] : [separator, doc]));
}

type Task = { readonly doc: Doc; readonly depth: number; readonly flat: boolean };

export const indentWidth = 2;

/** Prints within `width` columns, the first line beginning at column `start` of a line indented by `start`. */
export function printDoc(doc: Doc, width: number, start: number): string {
  let out = "";
  let column = start;
  const tasks: Task[] = [{ doc, depth: start, flat: false }];
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    const { depth, flat } = task;
    const at = task.doc;
    if (typeof at === "string") {
      out += at;
      const newline = at.lastIndexOf("\n");
      column = newline < 0 ? column + at.length : at.length - newline - 1;
    } else if (isList(at)) {
      for (let i = at.length - 1; i >= 0; i--) tasks.push({ doc: at[i], depth, flat });
    } else if (at.kind === "group") {
      tasks.push({ doc: at.content, depth, flat: flat || fits(at.content, width - column, tasks) });
    } else if (at.kind === "indent") {
      tasks.push({ doc: at.content, depth: depth + indentWidth, flat });
    } else if (at.kind === "broken") {
      if (!flat) tasks.push({ doc: at.text, depth, flat });
    } else if (flat) {
      out += at.flat;
      column += at.flat.length;
    } else {
      out += `\n${" ".repeat(depth)}`;
      column = depth;
    }
  }
  return out;
}

function isList(doc: Doc): doc is readonly Doc[] {
  return Array.isArray(doc);
}

/** Whether `doc` on one line, with what follows up to the next break, takes at most `room` columns. */
function fits(doc: Doc, room: number, rest: readonly Task[]): boolean {
  const tasks: Task[] = [{ doc, depth: 0, flat: true }];
  let following = rest.length;
  for (;;) {
    if (room < 0) return false;
    const task = tasks.pop() ?? rest[--following];
    if (task === undefined) return true;
    const at = task.doc;
    if (typeof at === "string") {
      const newline = at.indexOf("\n");
      if (newline >= 0) return room >= newline;
      room -= at.length;
    } else if (isList(at)) {
      for (let i = at.length - 1; i >= 0; i--) tasks.push({ doc: at[i], depth: 0, flat: task.flat });
    } else if (at.kind === "group") {
      // What follows the group may break by itself.
      tasks.push({ doc: at.content, depth: 0, flat: task.flat });
    } else if (at.kind === "indent") {
      tasks.push({ doc: at.content, depth: 0, flat: task.flat });
    } else if (at.kind === "broken") {
      if (!task.flat) room -= at.text.length;
    } else if (task.flat) {
      if (at === hardline) return false;
      room -= at.flat.length;
    } else {
      return true;
    }
  }
}
