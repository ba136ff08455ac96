import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import type { CommandModule } from "yargs";
import { CompileError, diagnostic } from "../../src/diagnostics.ts";
import { chatPrompt } from "../../src/generate/chat.ts";
import { createDecoder, textInterface } from "../../src/generate/decoder.ts";
import { createSampler } from "../../src/generate/sampler.ts";
import { stopTokens } from "../../src/generate/stop-tokens.ts";
import { createTextStream } from "../../src/generate/text-stream.ts";
import { type BuildOptions, buildArguments, buildModel, loadModel } from "../build-model.ts";
import { modelArguments } from "../model.ts";
import { printJson, run } from "../output.ts";

type GenerateOptions = BuildOptions & {
  prompt: string;
  tokens: number;
  temperature: number;
  "top-k": number;
  "top-p": number;
  seed: number;
  chat: boolean;
};

export const generate: CommandModule<object, GenerateOptions> = {
  command: "generate <file>",
  describe: "text from a model folder: .lum file, weights and tokenizer.json",
  builder: (y) =>
    buildArguments(modelArguments(y))
      .option("prompt", { type: "string", demandOption: true, describe: "text to go on from" })
      .option("tokens", { type: "number", default: 200, describe: "how many tokens at most" })
      .option("temperature", { type: "number", default: 0.7, describe: "0 takes the likeliest token" })
      .option("top-k", { type: "number", default: 40, describe: "sample among so many; 0 for all" })
      .option("top-p", {
        type: "number",
        default: 1,
        describe: "sample among the likeliest with this much probability",
      })
      .option("seed", { type: "number", default: 1, describe: "the same seed gives the same text" })
      .option("chat", {
        type: "boolean",
        default: false,
        describe: "put the prompt into the chat template of the model",
      })
      .option("threads", { type: "number", describe: "threads a call may use" }),
  handler: (args) => run(args.json, () => generateText(args)),
};

async function generateText(args: GenerateOptions): Promise<void> {
  const built = await buildModel(args);
  const folder = dirname(built.file);
  const tokenizer = loadTokenizer(folder);
  const text = args.chat ? chatPrompt(folder, args.prompt) : args.prompt;
  const prompt = tokenizer.encode(text, { add_special_tokens: !args.chat }).ids;
  const io = textInterface(built.compilation.program);
  checkPrompt(prompt, io.vocab, io.positions, folder);

  using model = loadModel(built, { threads: args.threads });
  const decoder = createDecoder(model, io);
  const sampler = createSampler({ ...args, topK: args["top-k"], topP: args["top-p"] });
  const stops = stopTokens(folder);
  const stream = createTextStream((ids) => tokenizer.decode(ids, { skip_special_tokens: true }));
  const show = (piece: string) => args.json || process.stdout.write(piece);

  show(args.chat ? "" : args.prompt);
  const start = performance.now();
  let logits = decoder.feed(prompt);
  const decodeStart = performance.now();
  let count = 0;
  while (count < args.tokens) {
    const token = sampler.pick(logits);
    if (stops.has(token)) break;
    count++;
    show(stream.push(token));
    if (decoder.position >= io.positions) break;
    logits = decoder.feed([token]);
  }
  show(`${stream.end()}\n`);
  const timing = speeds(prompt.length, decodeStart - start, count, performance.now() - decodeStart);
  if (args.json) printJson({ prompt: args.prompt, text: stream.text(), ...timing });
  else
    process.stderr.write(
      `\nprompt: ${prompt.length} tokens, ${timing.promptPerSecond.toFixed(0)} tokens/s · decode: ${count} tokens, ${timing.decodePerSecond.toFixed(0)} tokens/s\n`,
    );
}

const speeds = (promptTokens: number, promptMs: number, tokens: number, decodeMs: number) => ({
  promptTokens,
  promptPerSecond: (1000 * promptTokens) / promptMs,
  tokens,
  decodePerSecond: (1000 * tokens) / decodeMs,
});

function loadTokenizer(folder: string): Tokenizer {
  const path = join(folder, "tokenizer.json");
  if (!existsSync(path))
    throw new CompileError([diagnostic("LUM6206", undefined, { folder, file: "tokenizer.json" })]);
  const config = join(folder, "tokenizer_config.json");
  return new Tokenizer(readJson(path), existsSync(config) ? readJson(config) : {});
}

const readJson = (path: string): object => JSON.parse(readFileSync(path, "utf8")) as object;

function checkPrompt(prompt: readonly number[], vocab: number, positions: number, folder: string): void {
  const wrong = prompt.find((t) => t >= vocab);
  if (wrong !== undefined)
    throw new CompileError([diagnostic("LUM6210", undefined, { token: wrong, vocab })]);
  if (prompt.length > positions)
    throw new CompileError([diagnostic("LUM6207", undefined, { length: prompt.length, limit: positions })]);
  if (prompt.length === 0)
    throw new CompileError([
      diagnostic("LUM6205", undefined, { model: folder, reason: "the prompt has no tokens" }),
    ]);
}
