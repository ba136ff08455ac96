#!/usr/bin/env node
/** lumc: the command line. One file per command in `commands/`. */
import yargs from "yargs";
import { hideBin } from "yargs/helpers";
import { bench } from "./commands/bench.ts";
import { build } from "./commands/build.ts";
import { cache } from "./commands/cache.ts";
import { check } from "./commands/check.ts";
import { doctor } from "./commands/doctor.ts";
import { dump } from "./commands/dump.ts";
import { explain } from "./commands/explain.ts";
import { fmt } from "./commands/fmt.ts";
import { generate } from "./commands/generate.ts";
import { run } from "./commands/run.ts";
import { verify } from "./commands/verify.ts";

// `lumc … | head` closes the pipe early, which is no mistake.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 2));

await yargs(hideBin(process.argv))
  .scriptName("lumc")
  // One value for each `--set`, so that a file may follow it.
  .parserConfiguration({ "greedy-arrays": false })
  .usage("$0 compiles a .lum model into a standalone project.\n\n$0 <command> …")
  .command(check)
  .command(fmt)
  .command(build)
  .command(run)
  .command(generate)
  .command(explain)
  .command(dump)
  .command(verify)
  .command(bench)
  .command(cache)
  .command(doctor)
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
