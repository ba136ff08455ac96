/** Reading a CST: children by name, in written order, and spans. */
import type { CstNode, IToken } from "chevrotain";
import type { Ident, StringLiteral } from "../ir/ast.ts";
import type { SourceFile, Span } from "../ir/source.ts";

/** A node of the CST with the file that it came from. */
export type Node = { readonly source: SourceFile; readonly cst: CstNode };

/** Child rules called `rule` that parsed without a mistake. */
export function nodes(node: Node, rule: string): Node[] {
  const found = (node.cst.children[rule] ?? []) as CstNode[];
  return found.filter((cst) => !cst.recoveredNode).map((cst) => ({ source: node.source, cst }));
}

export function maybeNode(node: Node, rule: string): Node | undefined {
  return nodes(node, rule)[0];
}

export function onlyNode(node: Node, rule: string): Node {
  return nodes(node, rule)[0];
}

export function tokens(node: Node, type: string): IToken[] {
  return (node.cst.children[type] ?? []) as IToken[];
}

export function maybeToken(node: Node, type: string): IToken | undefined {
  return tokens(node, type)[0];
}

export function tokenSpan(source: SourceFile, token: IToken): Span {
  return { file: source, start: token.startOffset, end: token.endOffset! + 1 };
}

export function spanOf(node: Node): Span {
  const { startOffset, endOffset } = node.cst.location!;
  return { file: node.source, start: startOffset, end: endOffset! + 1 };
}

export function ident(source: SourceFile, token: IToken): Ident {
  return { name: token.image, span: tokenSpan(source, token) };
}

export function idents(node: Node): Ident[] {
  return tokens(node, "Identifier").map((token) => ident(node.source, token));
}

export function text(node: Node): StringLiteral | undefined {
  const token = maybeToken(node, "TextLiteral");
  return token && { value: unquote(token.image), span: tokenSpan(node.source, token) };
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"' };

/** The value of a string literal; a `"""raw"""` string has no escapes. */
export function unquote(image: string): string {
  if (image.startsWith('"""'))
    return image.slice(3, image.endsWith('"""') && image.length >= 6 ? -3 : undefined);
  const inner = image.length > 1 && image.endsWith('"') ? image.slice(1, -1) : image.slice(1);
  return inner.replace(/\\([\s\S])/g, (all, c: string) => escapes[c] ?? all);
}
