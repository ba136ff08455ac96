/** What stands between the nodes of an Ast: comments, blank lines and the braces of blocks. */
import type { Comment, File } from "../ir/ast.ts";

/** Hands out the comments of a file in order, each once. */
export class Trivia {
  readonly #text: string;
  readonly #comments: readonly Comment[];
  readonly #taken = new Set<Comment>();
  #next = 0;

  constructor(file: File) {
    this.#text = file.source.text;
    this.#comments = file.comments;
  }

  /** Comments that begin before `offset` and were not handed out yet. */
  takeBefore(offset: number): Comment[] {
    const taken: Comment[] = [];
    for (let next = this.#peek(); next !== undefined && next.span.start < offset; next = this.#peek()) {
      taken.push(next);
      this.#next++;
    }
    return taken;
  }

  /** Comments from `start` to `end` alone; earlier ones stay to be taken. */
  takeBetween(start: number, end: number): Comment[] {
    const inside = (c: Comment) => c.span.start >= start && c.span.start < end && !this.#taken.has(c);
    const taken = this.#comments.filter(inside);
    for (const comment of taken) this.#taken.add(comment);
    return taken;
  }

  /** The comment that follows `offset` on its line with only blanks between. */
  takeTrailing(offset: number): Comment | undefined {
    const comment = this.#peek();
    if (comment === undefined || comment.span.start < offset) return undefined;
    if (!/^[^\S\n]*$/.test(this.#text.slice(offset, comment.span.start))) return undefined;
    this.#next++;
    return comment;
  }

  #peek(): Comment | undefined {
    while (this.#taken.has(this.#comments[this.#next])) this.#next++;
    return this.#comments[this.#next];
  }

  sameLine(start: number, end: number): boolean {
    return !this.#text.slice(start, end).includes("\n");
  }

  /** Offset of the first `sign` at or after `offset` outside comments; the end of the text if there is none. */
  find(sign: string, offset: number): number {
    for (let at = offset; at < this.#text.length; at++) {
      if (this.#text.startsWith("//", at)) {
        const end = this.#text.indexOf("\n", at);
        at = end < 0 ? this.#text.length : end;
      }
      if (this.#text.startsWith(sign, at)) return at;
    }
    return this.#text.length;
  }

  /** Text from `start` to `end` without comments. */
  between(start: number, end: number): string {
    return this.#text.slice(start, end).replace(/\/\/[^\n]*/g, "");
  }

  /** Offset of the keyword that stands before what begins at `offset`, which may begin with the same letters. */
  wordBefore(word: string, offset: number): number {
    const at = this.#text.lastIndexOf(word, offset - 1);
    return at < 0 ? offset : at;
  }

  /** Whether only an empty line stands directly before the text at `offset`. */
  blankBefore(offset: number): boolean {
    let lineEnds = 0;
    let at = offset - 1;
    for (; at >= 0 && lineEnds < 2 && /\s/.test(this.#text[at]); at--)
      if (this.#text[at] === "\n") lineEnds++;
    return lineEnds === 2;
  }

  blankBetween(start: number, end: number): boolean {
    return /\n[^\S\n]*\n/.test(this.#text.slice(start, end));
  }
}
