/**
 * The grammar of files, items and statements; `expression-parser.ts` has that of expressions. There is nothing
 * but grammar here: the CST that it makes becomes an Ast in `src/parser/`. A `Newline` token ends a statement;
 * `src/parser/layout.ts` has already removed every newline that does not.
 */
import { EOF, type IParserErrorMessageProvider, tokenMatcher } from "chevrotain";
import { ExpressionParser } from "./expression-parser.ts";
import type { Rule } from "./recovering-parser.ts";
import * as t from "./tokens.ts";

export class LumParser extends ExpressionParser {
  /** `validate` has chevrotain look for ambiguities and left recursion, which takes as long as all the rest. */
  constructor(errorMessageProvider: IParserErrorMessageProvider, validate = false) {
    super(errorMessageProvider, validate);
    this.complete();
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

  readonly importItem: Rule = this.inner("importItem", () => {
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
  });

  readonly importName: Rule = this.inner("importName", () => {
    this.CONSUME(t.Identifier);
    this.OPTION(() => {
      this.CONSUME(t.As);
      this.CONSUME2(t.Identifier);
    });
  });

  readonly fnItem: Rule = this.inner("fnItem", () => {
    this.CONSUME(t.Fn);
    this.CONSUME(t.Identifier);
    this.SUBRULE(this.params);
    this.OPTION(() => this.SUBRULE(this.result));
    this.SUBRULE(this.body);
  });

  readonly layerItem: Rule = this.inner("layerItem", () => {
    this.CONSUME(t.Layer);
    this.CONSUME(t.Identifier);
    this.SUBRULE(this.params);
    this.OPTION(() => this.SUBRULE2(this.params));
    this.OPTION2(() => this.SUBRULE(this.result));
    this.SUBRULE(this.body);
  });

  readonly modelItem: Rule = this.inner("modelItem", () => {
    this.CONSUME(t.Model);
    this.CONSUME(t.Identifier);
    this.OPTION(() => this.SUBRULE(this.params));
    this.SUBRULE(this.block);
  });

  readonly kernelItem: Rule = this.inner("kernelItem", () => {
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
  });

  readonly kernelSource: Rule = this.inner("kernelSource", () => {
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
  });

  readonly geometry: Rule = this.inner("geometry", () => {
    this.CONSUME(t.LParen);
    this.SUBRULE(this.expression);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.expression);
    });
    this.OPTION(() => this.CONSUME2(t.Comma));
    this.CONSUME(t.RParen);
  });

  readonly params: Rule = this.inner("params", () => {
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
  });

  readonly param: Rule = this.inner("param", () => {
    this.CONSUME(t.Identifier);
    this.OPTION(() => {
      this.CONSUME(t.Colon);
      this.SUBRULE(this.type);
    });
    this.OPTION2(() => {
      this.CONSUME(t.Equals);
      this.SUBRULE(this.expression);
    });
  });

  readonly result: Rule = this.inner("result", () => {
    this.CONSUME(t.Arrow);
    this.SUBRULE(this.type);
  });

  readonly body: Rule = this.inner("body", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Equals);
          this.SUBRULE(this.expression);
        },
      },
      { ALT: () => this.SUBRULE(this.block) },
    ]);
  });

  readonly type: Rule = this.inner("type", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Identifier);
          this.OPTION(() => this.SUBRULE(this.shape));
        },
      },
      { ALT: () => this.SUBRULE2(this.shape) },
    ]);
  });

  readonly shape: Rule = this.inner("shape", () => {
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
  });

  readonly size: Rule = this.inner("size", () => {
    this.OR([{ ALT: () => this.CONSUME(t.Ellipsis) }, { ALT: () => this.SUBRULE(this.expression) }]);
  });

  // ---- statements

  readonly block: Rule = this.inner("block", () => {
    this.CONSUME(t.LCurly);
    this.MANY(() => this.SUBRULE(this.statement));
    this.CONSUME(t.RCurly);
  });

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

  readonly dimDecl: Rule = this.inner("dimDecl", () => {
    this.CONSUME(t.Dim);
    this.SUBRULE(this.boundedDim);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.boundedDim);
    });
  });

  readonly boundedDim: Rule = this.inner("boundedDim", () => {
    this.CONSUME(t.Identifier);
    this.CONSUME(t.In);
    this.SUBRULE(this.range);
  });

  readonly inputDecl: Rule = this.inner("inputDecl", () => {
    this.CONSUME(t.Input);
    this.SUBRULE(this.inputItem);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.inputItem);
    });
  });

  readonly inputItem: Rule = this.inner("inputItem", () => {
    this.CONSUME(t.Identifier);
    this.CONSUME(t.Colon);
    this.SUBRULE(this.type);
  });

  readonly weightDecl: Rule = this.inner("weightDecl", () => {
    this.CONSUME(t.Weight);
    this.SUBRULE(this.weightItem);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.weightItem);
    });
  });

  readonly weightItem: Rule = this.inner("weightItem", () => {
    this.CONSUME(t.Identifier);
    this.CONSUME(t.Colon);
    this.SUBRULE(this.type);
    this.OPTION(() => {
      this.CONSUME(t.From);
      this.CONSUME(t.TextLiteral);
    });
  });

  readonly stateDecl: Rule = this.inner("stateDecl", () => {
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
  });

  readonly output: Rule = this.inner("output", () => {
    this.CONSUME(t.Output);
    this.SUBRULE(this.target);
    this.OPTION(() => {
      this.CONSUME(t.Equals);
      this.SUBRULE(this.expression);
    });
  });

  readonly entry: Rule = this.inner("entry", () => {
    this.CONSUME(t.Entry);
    this.CONSUME(t.Identifier);
    this.SUBRULE(this.block);
  });

  readonly tap: Rule = this.inner("tap", () => {
    this.CONSUME(t.Tap);
    this.CONSUME(t.Identifier);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.CONSUME2(t.Identifier);
    });
  });

  readonly emit: Rule = this.inner("emit", () => {
    this.CONSUME(t.Emit);
    this.SUBRULE(this.target);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });

  readonly scan: Rule = this.inner("scan", () => {
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
  });

  readonly carried: Rule = this.inner("carried", () => {
    this.CONSUME(t.Identifier);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });

  readonly forLoop: Rule = this.inner("forLoop", () => {
    this.CONSUME(t.For);
    this.CONSUME(t.Identifier);
    this.CONSUME(t.In);
    this.SUBRULE(this.range);
    this.OPTION(() => {
      this.CONSUME(t.Prefix);
      this.CONSUME(t.TextLiteral);
    });
    this.SUBRULE(this.block);
  });

  readonly ifElse: Rule = this.inner("ifElse", () => {
    this.CONSUME(t.If);
    this.SUBRULE(this.expression);
    this.SUBRULE(this.block);
    this.OPTION(() => {
      this.CONSUME(t.Else);
      this.OR([{ ALT: () => this.SUBRULE(this.ifElse) }, { ALT: () => this.SUBRULE2(this.block) }]);
    });
  });

  readonly returns: Rule = this.inner("returns", () => {
    this.CONSUME(t.Return);
    this.SUBRULE(this.expression);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.expression);
    });
  });

  readonly definition: Rule = this.inner("definition", () => {
    this.SUBRULE(this.target);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.target);
    });
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });

  readonly assignment: Rule = this.inner("assignment", () => {
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
  });

  readonly target: Rule = this.inner("target", () => {
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
  });

  readonly indexTarget: Rule = this.inner("indexTarget", () => {
    this.SUBRULE(this.indexRange);
    this.OPTION(() => {
      this.CONSUME(t.In);
      this.SUBRULE(this.range);
    });
  });

  /** A soft keyword begins a declaration only where a name follows: `state = 3` defines a tensor. */
  private declares(): boolean {
    return tokenMatcher(this.LA(2), t.Identifier) || t.reservedWords.includes(this.LA(2).tokenType);
  }
}
