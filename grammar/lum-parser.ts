/**
 * The grammar, and nothing else: the CST that it makes becomes an Ast in `src/parser/`. A `Newline` token ends
 * a statement; `src/parser/layout.ts` has already removed every newline that does not.
 *
 * Recovery is by statement: a statement (or item) with a mistake is skipped to the end of its line, braces
 * balanced, and the next one is parsed afresh, so one mistake gives one error.
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

/** Rules other than `item` and `statement` hand their errors up to these. */
const inner = { resyncEnabled: false };

/** Words that may follow an operand. */
const infixWords: readonly TokenType[] = [t.As, t.In, t.With, t.Prefix, t.From];

type Rule = ParserMethod<[], CstNode>;

export class LumParser extends CstParser {
  /** `validate` has chevrotain look for ambiguities and left recursion, which takes as long as all the rest. */
  constructor(errorMessageProvider: IParserErrorMessageProvider, validate = false) {
    super(t.allTokens, {
      recoveryEnabled: true,
      skipValidations: !validate,
      maxLookahead: 2,
      nodeLocationTracking: "onlyOffset",
      errorMessageProvider,
    });
    this.performSelfAnalysis();
    Object.assign(this, { attemptInRepetitionRecovery: this.recoverInRepetition });
  }

  // ---- file and items

  readonly file: Rule = this.RULE("file", () => {
    this.MANY(() => this.SUBRULE(this.item));
    this.CONSUME(EOF);
  });

  readonly item: Rule = this.RULE("item", () => {
    this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.importItem) },
        { ALT: () => this.SUBRULE(this.fnItem) },
        { GATE: () => this.declares(), ALT: () => this.SUBRULE(this.layerItem) },
        { GATE: () => this.declares(), ALT: () => this.SUBRULE(this.modelItem) },
        { GATE: () => this.declares(), ALT: () => this.SUBRULE(this.kernelItem) },
        { ALT: () => this.SUBRULE(this.definition) },
      ],
      IGNORE_AMBIGUITIES: true,
      MAX_LOOKAHEAD: 1,
    });
    this.CONSUME(t.Newline);
  });

  readonly importItem: Rule = this.RULE(
    "importItem",
    () => {
      this.CONSUME(t.Import);
      this.CONSUME(t.LCurly);
      this.SUBRULE(this.importName);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.importName);
      });
      this.OPTION(() => this.CONSUME2(t.Comma));
      this.CONSUME(t.RCurly);
      this.CONSUME(t.From);
      this.CONSUME(t.TextLiteral);
    },
    inner,
  );

  readonly importName: Rule = this.RULE(
    "importName",
    () => {
      this.CONSUME(t.Identifier);
      this.OPTION(() => {
        this.CONSUME(t.As);
        this.CONSUME2(t.Identifier);
      });
    },
    inner,
  );

  readonly fnItem: Rule = this.RULE(
    "fnItem",
    () => {
      this.CONSUME(t.Fn);
      this.CONSUME(t.Identifier);
      this.SUBRULE(this.params);
      this.OPTION(() => this.SUBRULE(this.result));
      this.SUBRULE(this.body);
    },
    inner,
  );

  readonly layerItem: Rule = this.RULE(
    "layerItem",
    () => {
      this.CONSUME(t.Layer);
      this.CONSUME(t.Identifier);
      this.SUBRULE(this.params);
      this.OPTION(() => this.SUBRULE2(this.params));
      this.OPTION2(() => this.SUBRULE(this.result));
      this.SUBRULE(this.body);
    },
    inner,
  );

  readonly modelItem: Rule = this.RULE(
    "modelItem",
    () => {
      this.CONSUME(t.Model);
      this.CONSUME(t.Identifier);
      this.OPTION(() => this.SUBRULE(this.params));
      this.SUBRULE(this.block);
    },
    inner,
  );

  readonly kernelItem: Rule = this.RULE(
    "kernelItem",
    () => {
      this.CONSUME(t.Kernel);
      this.CONSUME(t.Identifier);
      this.SUBRULE(this.params);
      this.SUBRULE(this.result);
      this.CONSUME(t.LCurly);
      this.CONSUME(t.Reference);
      this.SUBRULE(this.expression);
      this.OPTION(() => this.CONSUME(t.Newline));
      this.MANY(() => this.SUBRULE(this.kernelSource));
      this.CONSUME(t.RCurly);
    },
    inner,
  );

  readonly kernelSource: Rule = this.RULE(
    "kernelSource",
    () => {
      this.CONSUME(t.Identifier);
      this.OPTION(() => {
        this.CONSUME(t.Grid);
        this.SUBRULE(this.geometry);
      });
      this.OPTION2(() => {
        this.CONSUME(t.Block);
        this.SUBRULE2(this.geometry);
      });
      this.OPTION3(() => this.CONSUME(t.Newline));
      this.CONSUME(t.TextLiteral);
      this.OPTION4(() => this.CONSUME2(t.Newline));
    },
    inner,
  );

  readonly geometry: Rule = this.RULE(
    "geometry",
    () => {
      this.CONSUME(t.LParen);
      this.SUBRULE(this.expression);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.expression);
      });
      this.OPTION(() => this.CONSUME2(t.Comma));
      this.CONSUME(t.RParen);
    },
    inner,
  );

  readonly params: Rule = this.RULE(
    "params",
    () => {
      this.CONSUME(t.LParen);
      this.OPTION(() => {
        this.SUBRULE(this.param);
        this.MANY(() => {
          this.CONSUME(t.Comma);
          this.SUBRULE2(this.param);
        });
        this.OPTION2(() => this.CONSUME2(t.Comma));
      });
      this.CONSUME(t.RParen);
    },
    inner,
  );

  readonly param: Rule = this.RULE(
    "param",
    () => {
      this.CONSUME(t.Identifier);
      this.OPTION(() => {
        this.CONSUME(t.Colon);
        this.SUBRULE(this.type);
      });
      this.OPTION2(() => {
        this.CONSUME(t.Equals);
        this.SUBRULE(this.expression);
      });
    },
    inner,
  );

  readonly result: Rule = this.RULE(
    "result",
    () => {
      this.CONSUME(t.Arrow);
      this.SUBRULE(this.type);
    },
    inner,
  );

  readonly body: Rule = this.RULE(
    "body",
    () => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Equals);
            this.SUBRULE(this.expression);
          },
        },
        { ALT: () => this.SUBRULE(this.block) },
      ]);
    },
    inner,
  );

  readonly type: Rule = this.RULE(
    "type",
    () => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Identifier);
            this.OPTION(() => this.SUBRULE(this.shape));
          },
        },
        { ALT: () => this.SUBRULE2(this.shape) },
      ]);
    },
    inner,
  );

  readonly shape: Rule = this.RULE(
    "shape",
    () => {
      this.CONSUME(t.LSquare);
      this.OPTION(() => {
        this.SUBRULE(this.size);
        this.MANY(() => {
          this.CONSUME(t.Comma);
          this.SUBRULE2(this.size);
        });
        this.OPTION2(() => this.CONSUME2(t.Comma));
      });
      this.CONSUME(t.RSquare);
    },
    inner,
  );

  readonly size: Rule = this.RULE(
    "size",
    () => {
      this.OR([{ ALT: () => this.CONSUME(t.Ellipsis) }, { ALT: () => this.SUBRULE(this.expression) }]);
    },
    inner,
  );

  // ---- statements

  readonly block: Rule = this.RULE(
    "block",
    () => {
      this.CONSUME(t.LCurly);
      this.MANY(() => this.SUBRULE(this.statement));
      this.CONSUME(t.RCurly);
    },
    inner,
  );

  readonly statement: Rule = this.RULE("statement", () => {
    this.OR({
      DEF: [
        { GATE: () => this.declares(), ALT: () => this.SUBRULE(this.dimDecl) },
        { GATE: () => this.declares(), ALT: () => this.SUBRULE(this.inputDecl) },
        { GATE: () => this.declares(), ALT: () => this.SUBRULE(this.weightDecl) },
        { GATE: () => this.declares(), ALT: () => this.SUBRULE(this.stateDecl) },
        { GATE: () => this.declares(), ALT: () => this.SUBRULE(this.output) },
        { GATE: () => this.declares(), ALT: () => this.SUBRULE(this.entry) },
        { GATE: () => this.declares(), ALT: () => this.SUBRULE(this.tap) },
        { GATE: () => this.declares(), ALT: () => this.SUBRULE(this.emit) },
        { GATE: () => this.declares(), ALT: () => this.SUBRULE(this.scan) },
        { ALT: () => this.SUBRULE(this.forLoop) },
        { ALT: () => this.SUBRULE(this.ifElse) },
        { ALT: () => this.SUBRULE(this.returns) },
        { ALT: () => this.SUBRULE(this.assignment) },
      ],
      IGNORE_AMBIGUITIES: true,
      MAX_LOOKAHEAD: 1,
    });
    this.CONSUME(t.Newline);
  });

  readonly dimDecl: Rule = this.RULE(
    "dimDecl",
    () => {
      this.CONSUME(t.Dim);
      this.SUBRULE(this.boundedDim);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.boundedDim);
      });
    },
    inner,
  );

  readonly boundedDim: Rule = this.RULE(
    "boundedDim",
    () => {
      this.CONSUME(t.Identifier);
      this.CONSUME(t.In);
      this.SUBRULE(this.range);
    },
    inner,
  );

  readonly inputDecl: Rule = this.RULE(
    "inputDecl",
    () => {
      this.CONSUME(t.Input);
      this.SUBRULE(this.inputItem);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.inputItem);
      });
    },
    inner,
  );

  readonly inputItem: Rule = this.RULE(
    "inputItem",
    () => {
      this.CONSUME(t.Identifier);
      this.CONSUME(t.Colon);
      this.SUBRULE(this.type);
    },
    inner,
  );

  readonly weightDecl: Rule = this.RULE(
    "weightDecl",
    () => {
      this.CONSUME(t.Weight);
      this.SUBRULE(this.weightItem);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.weightItem);
      });
    },
    inner,
  );

  readonly weightItem: Rule = this.RULE(
    "weightItem",
    () => {
      this.CONSUME(t.Identifier);
      this.CONSUME(t.Colon);
      this.SUBRULE(this.type);
      this.OPTION(() => {
        this.CONSUME(t.From);
        this.CONSUME(t.TextLiteral);
      });
    },
    inner,
  );

  readonly stateDecl: Rule = this.RULE(
    "stateDecl",
    () => {
      this.CONSUME(t.State);
      this.CONSUME(t.Identifier);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.CONSUME2(t.Identifier);
      });
      this.CONSUME(t.Colon);
      this.SUBRULE(this.type);
      this.OPTION(() => {
        this.CONSUME(t.Equals);
        this.SUBRULE(this.expression);
      });
    },
    inner,
  );

  readonly output: Rule = this.RULE(
    "output",
    () => {
      this.CONSUME(t.Output);
      this.SUBRULE(this.target);
      this.OPTION(() => {
        this.CONSUME(t.Equals);
        this.SUBRULE(this.expression);
      });
    },
    inner,
  );

  readonly entry: Rule = this.RULE(
    "entry",
    () => {
      this.CONSUME(t.Entry);
      this.CONSUME(t.Identifier);
      this.SUBRULE(this.block);
    },
    inner,
  );

  readonly tap: Rule = this.RULE(
    "tap",
    () => {
      this.CONSUME(t.Tap);
      this.CONSUME(t.Identifier);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.CONSUME2(t.Identifier);
      });
    },
    inner,
  );

  readonly emit: Rule = this.RULE(
    "emit",
    () => {
      this.CONSUME(t.Emit);
      this.SUBRULE(this.target);
      this.CONSUME(t.Equals);
      this.SUBRULE(this.expression);
    },
    inner,
  );

  readonly scan: Rule = this.RULE(
    "scan",
    () => {
      this.CONSUME(t.Scan);
      this.CONSUME(t.Identifier);
      this.CONSUME(t.In);
      this.SUBRULE(this.range);
      this.CONSUME(t.With);
      this.SUBRULE(this.carried);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.carried);
      });
      this.SUBRULE(this.block);
    },
    inner,
  );

  readonly carried: Rule = this.RULE(
    "carried",
    () => {
      this.CONSUME(t.Identifier);
      this.CONSUME(t.Equals);
      this.SUBRULE(this.expression);
    },
    inner,
  );

  readonly forLoop: Rule = this.RULE(
    "forLoop",
    () => {
      this.CONSUME(t.For);
      this.CONSUME(t.Identifier);
      this.CONSUME(t.In);
      this.SUBRULE(this.range);
      this.OPTION(() => {
        this.CONSUME(t.Prefix);
        this.CONSUME(t.TextLiteral);
      });
      this.SUBRULE(this.block);
    },
    inner,
  );

  readonly ifElse: Rule = this.RULE(
    "ifElse",
    () => {
      this.CONSUME(t.If);
      this.SUBRULE(this.expression);
      this.SUBRULE(this.block);
      this.OPTION(() => {
        this.CONSUME(t.Else);
        this.OR([{ ALT: () => this.SUBRULE(this.ifElse) }, { ALT: () => this.SUBRULE2(this.block) }]);
      });
    },
    inner,
  );

  readonly returns: Rule = this.RULE(
    "returns",
    () => {
      this.CONSUME(t.Return);
      this.SUBRULE(this.expression);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.expression);
      });
    },
    inner,
  );

  readonly definition: Rule = this.RULE(
    "definition",
    () => {
      this.SUBRULE(this.target);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.target);
      });
      this.CONSUME(t.Equals);
      this.SUBRULE(this.expression);
    },
    inner,
  );

  readonly assignment: Rule = this.RULE(
    "assignment",
    () => {
      this.SUBRULE(this.target);
      this.OR([
        { ALT: () => this.CONSUME(t.Walrus) },
        {
          ALT: () => {
            this.MANY(() => {
              this.CONSUME(t.Comma);
              this.SUBRULE2(this.target);
            });
            this.CONSUME(t.Equals);
          },
        },
      ]);
      this.SUBRULE(this.expression);
    },
    inner,
  );

  readonly target: Rule = this.RULE(
    "target",
    () => {
      this.CONSUME(t.Identifier);
      this.OPTION(() => {
        this.CONSUME(t.LSquare);
        this.SUBRULE(this.indexTarget);
        this.MANY(() => {
          this.CONSUME(t.Comma);
          this.SUBRULE2(this.indexTarget);
        });
        this.OPTION2(() => this.CONSUME2(t.Comma));
        this.CONSUME(t.RSquare);
      });
    },
    inner,
  );

  readonly indexTarget: Rule = this.RULE(
    "indexTarget",
    () => {
      this.SUBRULE(this.indexRange);
      this.OPTION(() => {
        this.CONSUME(t.In);
        this.SUBRULE(this.range);
      });
    },
    inner,
  );

  /** Both ends stated. */
  readonly range: Rule = this.RULE(
    "range",
    () => {
      this.SUBRULE(this.sum);
      this.CONSUME(t.DotDot);
      this.SUBRULE2(this.sum);
    },
    inner,
  );

  // ---- expressions, loosest first

  readonly expression: Rule = this.RULE(
    "expression",
    () => {
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
    },
    inner,
  );

  readonly disjunction: Rule = this.RULE(
    "disjunction",
    () => {
      this.SUBRULE(this.conjunction);
      this.MANY(() => {
        this.CONSUME(t.Or);
        this.SUBRULE2(this.conjunction);
      });
    },
    inner,
  );

  readonly conjunction: Rule = this.RULE(
    "conjunction",
    () => {
      this.SUBRULE(this.negation);
      this.MANY(() => {
        this.CONSUME(t.And);
        this.SUBRULE2(this.negation);
      });
    },
    inner,
  );

  readonly negation: Rule = this.RULE(
    "negation",
    () => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Not);
            this.SUBRULE(this.negation);
          },
        },
        { ALT: () => this.SUBRULE(this.comparison) },
      ]);
    },
    inner,
  );

  /** Not associative: `a < b < c` is an error. */
  readonly comparison: Rule = this.RULE(
    "comparison",
    () => {
      this.SUBRULE(this.sum);
      this.OPTION(() => {
        this.CONSUME(t.CompareOp);
        this.SUBRULE2(this.sum);
      });
    },
    inner,
  );

  readonly sum: Rule = this.RULE(
    "sum",
    () => {
      this.SUBRULE(this.product);
      this.MANY(() => {
        this.CONSUME(t.AddOp);
        this.SUBRULE2(this.product);
      });
    },
    inner,
  );

  readonly product: Rule = this.RULE(
    "product",
    () => {
      this.SUBRULE(this.signed);
      this.MANY(() => {
        this.CONSUME(t.MulOp);
        this.SUBRULE2(this.signed);
      });
    },
    inner,
  );

  readonly signed: Rule = this.RULE(
    "signed",
    () => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Minus);
            this.SUBRULE(this.signed);
          },
        },
        { ALT: () => this.SUBRULE(this.power) },
      ]);
    },
    inner,
  );

  readonly power: Rule = this.RULE(
    "power",
    () => {
      this.SUBRULE(this.cast);
      this.OPTION(() => {
        this.CONSUME(t.Caret);
        this.SUBRULE(this.signed);
      });
    },
    inner,
  );

  readonly cast: Rule = this.RULE(
    "cast",
    () => {
      this.SUBRULE(this.postfix);
      this.MANY(() => {
        this.CONSUME(t.As);
        this.CONSUME(t.Identifier);
      });
    },
    inner,
  );

  readonly postfix: Rule = this.RULE(
    "postfix",
    () => {
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
    },
    inner,
  );

  /** `sum(i, r in 0..3) product`: the body takes in products, and stops at `+`, `-` and comparisons. */
  readonly reduction: Rule = this.RULE(
    "reduction",
    () => {
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
    },
    inner,
  );

  readonly reductionBody: Rule = this.RULE(
    "reductionBody",
    () => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Not);
            this.SUBRULE(this.reductionBody);
          },
        },
        { ALT: () => this.SUBRULE(this.product) },
      ]);
    },
    inner,
  );

  readonly binder: Rule = this.RULE(
    "binder",
    () => {
      this.CONSUME(t.Identifier);
      this.OPTION(() => {
        this.CONSUME(t.In);
        this.SUBRULE(this.range);
      });
    },
    inner,
  );

  readonly suffix: Rule = this.RULE(
    "suffix",
    () => {
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
    },
    inner,
  );

  readonly args: Rule = this.RULE(
    "args",
    () => {
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
    },
    inner,
  );

  readonly arg: Rule = this.RULE(
    "arg",
    () => {
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
    },
    inner,
  );

  readonly indices: Rule = this.RULE(
    "indices",
    () => {
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
    },
    inner,
  );

  /** One index: `...`, or what `indexRange` takes. */
  readonly slice: Rule = this.RULE(
    "slice",
    () => {
      this.OR([{ ALT: () => this.CONSUME(t.Ellipsis) }, { ALT: () => this.SUBRULE(this.indexRange) }]);
    },
    inner,
  );

  /** `i`, `..`, `..k`, `2..`, `0..n`. */
  readonly indexRange: Rule = this.RULE(
    "indexRange",
    () => {
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
    },
    inner,
  );

  readonly primary: Rule = this.RULE(
    "primary",
    () => {
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
    },
    inner,
  );

  readonly group: Rule = this.RULE(
    "group",
    () => {
      this.CONSUME(t.LParen);
      this.SUBRULE(this.expression);
      this.CONSUME(t.RParen);
    },
    inner,
  );

  readonly array: Rule = this.RULE(
    "array",
    () => {
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
    },
    inner,
  );

  // ---- lookahead that the tables cannot express

  /** A soft keyword begins a declaration only where a name follows: `state = 3` defines a tensor. */
  private declares(): boolean {
    return tokenMatcher(this.LA(2), t.Identifier) || t.reservedWords.includes(this.LA(2).tokenType);
  }

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

  // ---- recovery: these replace chevrotain's own, which knows tokens but not lines

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
    const next = this.LA(1);
    if (next.tokenType === EOF || next.tokenType === t.RCurly) return;
    const expected = rule === "block" ? "a statement" : "`import`, `fn`, `layer`, `model` or `kernel`";
    const error = new MismatchedTokenException(expected, next, this.LA(0));
    self.SAVE_ERROR(error);
    error.resyncedTokens = this.reSyncTo();
    repeat.apply(this, args);
  }
}

/** Parts of chevrotain's parser that its type declarations leave out. */
type Internals = {
  consumeToken(): void;
  getCurrRuleFullName(): string;
  SAVE_ERROR(error: MismatchedTokenException): void;
};
