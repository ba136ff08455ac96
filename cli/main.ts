#!/usr/bin/env node
/** lumc: the command line. One file per command in `commands/`; only the one that is asked for is loaded. */
import { enableCompileCache } from "node:module";
import yargs, { type CommandModule } from "yargs";
import { hideBin } from "yargs/helpers";

enableCompileCache();

// `lumc … | head` closes the pipe early, which is no mistake.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 2));

/** In the order of `lumc --help`. The types of their options are their own. */
const commands: Readonly<Record<string, () => Promise<CommandModule<object, never>>>> = {
  check: async () => (await import("./commands/check.ts")).check as never,
  fmt: async () => (await import("./commands/fmt.ts")).fmt as never,
  build: async () => (await import("./commands/build.ts")).build as never,
  run: async () => (await import("./commands/run.ts")).run as never,
  generate: async () => (await import("./commands/generate.ts")).generate as never,
  explain: async () => (await import("./commands/explain.ts")).explain as never,
  dump: async () => (await import("./commands/dump.ts")).dump as never,
  verify: async () => (await import("./commands/verify.ts")).verify as never,
  bench: async () => (await import("./commands/bench.ts")).bench as never,
  cache: async () => (await import("./commands/cache.ts")).cache as never,
  doctor: async () => (await import("./commands/doctor.ts")).doctor as never,
};

const words = hideBin(process.argv);
const asked = Object.hasOwn(commands, words[0] ?? "") ? [commands[words[0]]] : Object.values(commands);
const loaded = await Promise.all(asked.map((load) => load()));

await loaded
  .reduce((line, command) => line.command(command), yargs(words))
  .scriptName("lumc")
  // One value for each `--set`, so that a file may follow it.
  .parserConfiguration({ "greedy-arrays": false })
  .usage("$0 compiles a .lum model into a standalone project.\n\n$0 <command> …")
  .demandCommand(1, "name a command; `lumc --help` lists them")
  .strict()
  .recommendCommands()
  .wrap(Math.min(100, process.stdout.columns ?? 100))
  .version("0.1.0")
  .fail((message, error) => {
    if (error) throw error;
    process.stderr.write(`lumc: ${message}\n`);
    process.exit(1);
  })
  .parseAsync();
