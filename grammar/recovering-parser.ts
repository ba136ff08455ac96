/**
 * Recovery by statement: a statement (or item) with a mistake is skipped to the end of its line, braces
 * balanced, and the next one is parsed afresh, so one mistake gives one error. It replaces chevrotain's own
 * recovery, which knows tokens but not lines.
 */
import {
  type CstNode,
  CstParser,
  EOF,
  type IParserErrorMessageProvider,
  type IToken,
  MismatchedTokenException,
  type ParserMethod,
  type TokenType,
  tokenMatcher,
} from "chevrotain";
import * as t from "./tokens.ts";

export type Rule = ParserMethod<[], CstNode>;

/** Beyond as many the text is hardly a `.lum` file; each resumption also takes some of the stack. */
export const maxMistakes = 100;

export abstract class RecoveringParser extends CstParser {
  constructor(errorMessageProvider: IParserErrorMessageProvider, validate: boolean) {
    super(t.allTokens, {
      recoveryEnabled: true,
      skipValidations: !validate,
      maxLookahead: 2,
      nodeLocationTracking: "onlyOffset",
      errorMessageProvider,
    });
  }

  /** A rule that hands its mistakes up to `item` or `statement`. */
  protected inner(name: string, implementation: () => void): Rule {
    return this.RULE(name, implementation, { resyncEnabled: false });
  }

  /** To be called once all rules are defined. */
  protected complete(): void {
    this.performSelfAnalysis();
    Object.assign(this, { attemptInRepetitionRecovery: this.recoverInRepetition });
  }

  protected override canTokenTypeBeInsertedInRecovery(): boolean {
    return false;
  }

  protected override canTokenTypeBeDeletedInRecovery(): boolean {
    return false;
  }

  protected findReSyncTokenType(): TokenType {
    return t.Newline;
  }

  protected isInCurrentRuleReSyncSet(): boolean {
    return true;
  }

  /** Skips to the end of the line that the mistake is on; a block that begins on it is skipped whole. */
  protected reSyncTo(): IToken[] {
    const skipped: IToken[] = [];
    let depth = this.openBraces();
    for (;;) {
      const token = this.LA(1);
      if (token.tokenType === EOF || (depth === 0 && token.tokenType === t.RCurly)) return skipped;
      if (token.tokenType === t.LCurly) depth++;
      if (token.tokenType === t.RCurly) depth--;
      (this as unknown as Internals).consumeToken();
      skipped.push(token);
      if (depth === 0 && token.tokenType === t.Newline) return skipped;
    }
  }

  /** Braces that the broken rule has opened so far: items stand outside all braces, statements open theirs last. */
  private openBraces(): number {
    if ((this as unknown as Internals).getCurrRuleFullName() !== "item") return 0;
    let depth = 0;
    for (let k = 0; this.LA(k).tokenType !== EOF; k--) {
      if (this.LA(k).tokenType === t.LCurly) depth++;
      if (this.LA(k).tokenType === t.RCurly) depth--;
    }
    return depth;
  }

  /** After the last statement of a block, or the last item: anything but the end is a mistake of its own line. */
  private recoverInRepetition(repeat: (...args: unknown[]) => void, args: unknown[]): void {
    const self = this as unknown as Internals;
    const rule = self.getCurrRuleFullName();
    if (rule !== "block" && rule !== "file") return;
    const expected = rule === "block" ? "a statement" : "`import`, `fn`, `layer`, `model` or `kernel`";
    if (this.errors.length > maxMistakes) return this.skipBlock();
    let skipped = false;
    for (let next = this.LA(1); !this.endsRepetition(next, skipped); next = this.LA(1)) {
      const error = new MismatchedTokenException(expected, next, this.LA(0));
      self.SAVE_ERROR(error);
      error.resyncedTokens = this.reSyncTo();
      skipped = true;
    }
    if (skipped) repeat.apply(this, args);
  }

  private skipBlock(): void {
    let depth = 0;
    for (let next = this.LA(1); next.tokenType !== EOF; next = this.LA(1)) {
      if (next.tokenType === t.LCurly) depth++;
      if (next.tokenType === t.RCurly && depth-- === 0) return;
      (this as unknown as Internals).consumeToken();
    }
  }

  /** The end of the block or file; after a skipped line also a token that begins the next statement. */
  private endsRepetition(token: IToken, skipped: boolean): boolean {
    if (token.tokenType === EOF || token.tokenType === t.RCurly) return true;
    const begins = [t.Import, t.Fn, t.If, t.For, t.Return].includes(token.tokenType);
    return skipped && (begins || tokenMatcher(token, t.Identifier));
  }
}

/** Parts of chevrotain's parser that its type declarations leave out. */
type Internals = {
  consumeToken(): void;
  getCurrRuleFullName(): string;
  SAVE_ERROR(error: MismatchedTokenException): void;
};
