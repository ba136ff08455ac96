/** The chat template of a model folder, applied to one message of the user. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import { CompileError, diagnostic } from "../diagnostics.ts";

type TokenizerConfig = { chat_template?: string; bos_token?: unknown; eos_token?: unknown };

export function chatPrompt(folder: string, message: string): string {
  const path = join(folder, "tokenizer_config.json");
  const config = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as TokenizerConfig) : {};
  const file = join(folder, "chat_template.jinja");
  const template = config.chat_template ?? (existsSync(file) ? readFileSync(file, "utf8") : undefined);
  if (template === undefined)
    throw new CompileError([
      diagnostic("LUM6206", undefined, {
        folder,
        file: "chat template (tokenizer_config.json or chat_template.jinja)",
      }),
    ]);
  return new Template(template).render({
    messages: [{ role: "user", content: message }],
    add_generation_prompt: true,
    bos_token: textOf(config.bos_token),
    eos_token: textOf(config.eos_token),
  });
}

/** A special token is written as its text, or as an object that holds it. */
function textOf(token: unknown): string {
  if (typeof token === "string") return token;
  const content = (token as { content?: unknown } | null | undefined)?.content;
  return typeof content === "string" ? content : "";
}
