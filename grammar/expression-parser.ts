/** The grammar of expressions and ranges, loosest first. */
import { EOF, type TokenType, tokenMatcher } from "chevrotain";
import { RecoveringParser, type Rule } from "./recovering-parser.ts";
import * as t from "./tokens.ts";

/** Words that may follow an operand. */
const infixWords: readonly TokenType[] = [t.As, t.In, t.With, t.Prefix, t.From];

export abstract class ExpressionParser extends RecoveringParser {
  readonly expression: Rule = this.inner("expression", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.If);
          this.SUBRULE(this.disjunction);
          this.CONSUME(t.Then);
          this.SUBRULE(this.expression);
          this.CONSUME(t.Else);
          this.SUBRULE2(this.expression);
        },
      },
      { ALT: () => this.SUBRULE2(this.disjunction) },
    ]);
  });

  readonly disjunction: Rule = this.inner("disjunction", () => {
    this.SUBRULE(this.conjunction);
    this.MANY(() => {
      this.CONSUME(t.Or);
      this.SUBRULE2(this.conjunction);
    });
  });

  readonly conjunction: Rule = this.inner("conjunction", () => {
    this.SUBRULE(this.negation);
    this.MANY(() => {
      this.CONSUME(t.And);
      this.SUBRULE2(this.negation);
    });
  });

  readonly negation: Rule = this.inner("negation", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Not);
          this.SUBRULE(this.negation);
        },
      },
      { ALT: () => this.SUBRULE(this.comparison) },
    ]);
  });

  /** Not associative: `a < b < c` is an error. */
  readonly comparison: Rule = this.inner("comparison", () => {
    this.SUBRULE(this.sum);
    this.OPTION(() => {
      this.CONSUME(t.CompareOp);
      this.SUBRULE2(this.sum);
    });
  });

  readonly sum: Rule = this.inner("sum", () => {
    this.SUBRULE(this.product);
    this.MANY(() => {
      this.CONSUME(t.AddOp);
      this.SUBRULE2(this.product);
    });
  });

  readonly product: Rule = this.inner("product", () => {
    this.SUBRULE(this.signed);
    this.MANY(() => {
      this.CONSUME(t.MulOp);
      this.SUBRULE2(this.signed);
    });
  });

  readonly signed: Rule = this.inner("signed", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Minus);
          this.SUBRULE(this.signed);
        },
      },
      { ALT: () => this.SUBRULE(this.power) },
    ]);
  });

  readonly power: Rule = this.inner("power", () => {
    this.SUBRULE(this.cast);
    this.OPTION(() => {
      this.CONSUME(t.Caret);
      this.SUBRULE(this.signed);
    });
  });

  readonly cast: Rule = this.inner("cast", () => {
    this.SUBRULE(this.postfix);
    this.MANY(() => {
      this.CONSUME(t.As);
      this.CONSUME(t.Identifier);
    });
  });

  readonly postfix: Rule = this.inner("postfix", () => {
    this.OR({
      DEF: [
        { GATE: () => this.reduces(), ALT: () => this.SUBRULE(this.reduction) },
        {
          ALT: () => {
            this.SUBRULE(this.primary);
            this.MANY({ GATE: () => this.suffixFollows(), DEF: () => this.SUBRULE(this.suffix) });
          },
        },
      ],
      IGNORE_AMBIGUITIES: true,
    });
  });

  /** `sum(i, r in 0..3) product`: the body takes in products, and stops at `+`, `-` and comparisons. */
  readonly reduction: Rule = this.inner("reduction", () => {
    this.CONSUME(t.ReduceName);
    this.CONSUME(t.LParen);
    this.SUBRULE(this.binder);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.binder);
    });
    this.OPTION(() => this.CONSUME2(t.Comma));
    this.CONSUME(t.RParen);
    this.SUBRULE(this.reductionBody);
  });

  readonly reductionBody: Rule = this.inner("reductionBody", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Not);
          this.SUBRULE(this.reductionBody);
        },
      },
      { ALT: () => this.SUBRULE(this.product) },
    ]);
  });

  readonly binder: Rule = this.inner("binder", () => {
    this.CONSUME(t.Identifier);
    this.OPTION(() => {
      this.CONSUME(t.In);
      this.SUBRULE(this.range);
    });
  });

  readonly suffix: Rule = this.inner("suffix", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.args) },
      { ALT: () => this.SUBRULE(this.indices) },
      { ALT: () => this.CONSUME(t.Tick) },
      {
        ALT: () => {
          this.CONSUME(t.Prefix);
          this.CONSUME(t.TextLiteral);
          this.SUBRULE2(this.args);
        },
      },
    ]);
  });

  readonly args: Rule = this.inner("args", () => {
    this.CONSUME(t.LParen);
    this.OPTION(() => {
      this.SUBRULE(this.arg);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.arg);
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RParen);
  });

  readonly arg: Rule = this.inner("arg", () => {
    this.OR({
      DEF: [
        {
          ALT: () => {
            this.CONSUME(t.Identifier);
            this.CONSUME(t.Equals);
            this.SUBRULE(this.expression);
          },
        },
        { ALT: () => this.SUBRULE2(this.expression) },
      ],
    });
  });

  readonly indices: Rule = this.inner("indices", () => {
    this.CONSUME(t.LSquare);
    this.OPTION(() => {
      this.SUBRULE(this.slice);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.slice);
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.OPTION3(() => {
      this.CONSUME(t.Else);
      this.SUBRULE(this.expression);
    });
    this.CONSUME(t.RSquare);
  });

  /** One index: `...`, or what `indexRange` takes. */
  readonly slice: Rule = this.inner("slice", () => {
    this.OR([{ ALT: () => this.CONSUME(t.Ellipsis) }, { ALT: () => this.SUBRULE(this.indexRange) }]);
  });

  /** `i`, `..`, `..k`, `2..`, `0..n`. */
  readonly indexRange: Rule = this.inner("indexRange", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.DotDot);
          this.OPTION(() => this.SUBRULE(this.sum));
        },
      },
      {
        ALT: () => {
          this.SUBRULE(this.expression);
          this.OPTION2(() => {
            this.CONSUME2(t.DotDot);
            this.OPTION3(() => this.SUBRULE2(this.sum));
          });
        },
      },
    ]);
  });

  readonly primary: Rule = this.inner("primary", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.IntLiteral) },
      { ALT: () => this.CONSUME(t.FloatLiteral) },
      { ALT: () => this.CONSUME(t.TextLiteral) },
      { ALT: () => this.CONSUME(t.True) },
      { ALT: () => this.CONSUME(t.False) },
      { ALT: () => this.CONSUME(t.Identifier) },
      { ALT: () => this.SUBRULE(this.group) },
      { ALT: () => this.SUBRULE(this.array) },
    ]);
  });

  readonly group: Rule = this.inner("group", () => {
    this.CONSUME(t.LParen);
    this.SUBRULE(this.expression);
    this.CONSUME(t.RParen);
  });

  readonly array: Rule = this.inner("array", () => {
    this.CONSUME(t.LSquare);
    this.OPTION(() => {
      this.SUBRULE(this.expression);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.expression);
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RSquare);
  });

  /** Both ends stated. */
  readonly range: Rule = this.inner("range", () => {
    this.SUBRULE(this.sum);
    this.CONSUME(t.DotDot);
    this.SUBRULE2(this.sum);
  });

  // ---- lookahead that the tables cannot express

  /** `prefix` is a suffix only in `prefix "name" (`; in `for … prefix "name" {` it belongs to the loop. */
  private suffixFollows(): boolean {
    return this.LA(1).tokenType !== t.Prefix || this.LA(3).tokenType === t.LParen;
  }

  /** `sum(i) x[i]` reduces, `sum(x)` and `sum(x, axis = 1)` call: what follows the parenthesis tells. */
  private reduces(): boolean {
    if (!tokenMatcher(this.LA(1), t.ReduceName) || this.LA(2).tokenType !== t.LParen) return false;
    let depth = 0;
    let ranged = false;
    for (let k = 2; ; k++) {
      const token = this.LA(k);
      if (token.tokenType === EOF || token.tokenType === t.Newline) return false;
      const opens = token.tokenType === t.LParen || token.tokenType === t.LSquare;
      if (opens) depth++;
      if (token.tokenType === t.RParen || token.tokenType === t.RSquare) depth--;
      if (depth === 0) return ranged || this.operandAt(k + 1);
      if (depth > 1) continue;
      const first = opens || (token.tokenType === t.Comma && this.LA(k + 1).tokenType !== t.RParen);
      if (first && !tokenMatcher(this.LA(k + 1), t.Identifier)) return false;
      if (first && this.LA(k + 2).tokenType === t.In) ranged = true;
      else if (first && this.LA(k + 2).tokenType !== t.Comma && this.LA(k + 2).tokenType !== t.RParen)
        return false;
    }
  }

  /** Whether the token begins the body of a reduction. */
  private operandAt(k: number): boolean {
    const [token, next] = [this.LA(k), this.LA(k + 1)];
    if (tokenMatcher(token, t.Identifier)) {
      // `sum(x) as f32`, `0..sum(n) with S = …`, `sum(x) prefix "p" (…)`: a word of the sentence, not an operand.
      if (token.tokenType === t.As || tokenMatcher(next, t.TextLiteral)) return false;
      return !tokenMatcher(next, t.Identifier) || infixWords.includes(next.tokenType);
    }
    const starts = [t.IntLiteral, t.FloatLiteral, t.True, t.False, t.Not, t.LParen];
    return tokenMatcher(token, t.TextLiteral) || starts.includes(token.tokenType);
  }
}
