import type { CommandModule } from "yargs";
import { type ArtifactReport, compareArtifacts, type FirstDifference } from "../../src/emit/artifacts.ts";
import { defaultCache } from "../../src/emit/cache-folder.ts";
import { type CacheReport, ObjectCache } from "../../src/emit/object-cache.ts";
import { jsonArgument } from "../model.ts";
import { printJson, printLine, run } from "../output.ts";

type JsonOption = { json: boolean };

export const cache: CommandModule = {
  command: "cache <command>",
  describe: "what is kept between builds, and what differs between two of them",
  builder: (y) => y.command(stat).command(verify).command(diff).demandCommand(1).strict(),
  handler: () => {},
};

const stat: CommandModule<object, JsonOption> = {
  command: "stat",
  describe: "how many objects are kept, of what, and how large they are",
  builder: (y) => jsonArgument(y),
  handler: (args) =>
    run(args.json, () => {
      const found = summary(new ObjectCache(defaultCache()).examine());
      if (args.json) printJson(found);
      else {
        printLine(`${found.folder}: ${found.objects} objects of ${found.keys} keys, ${size(found.bytes)}`);
        for (const [kind, count] of Object.entries(found.kinds)) printLine(`  ${kind}: ${count}`);
        if (found.damaged > 0) printLine(`  damaged: ${found.damaged}; \`lumc cache verify\` names them`);
      }
    }),
};

function summary({ entries, contents, bytes, damaged, unused }: CacheReport) {
  const kinds: Record<string, number> = {};
  for (const { source } of entries) {
    const kind = /(kernels|runtime)\//.exec(source)?.[1] ?? "project";
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  const keys = entries.length;
  return {
    folder: defaultCache(),
    keys,
    objects: contents,
    bytes,
    kinds,
    damaged: damaged.length,
    unused: unused.length,
  };
}

const verify: CommandModule<object, JsonOption & { repair: boolean }> = {
  command: "verify",
  describe: "hash every object again; fails where one isn't what it was",
  builder: (y) =>
    jsonArgument(y).option("repair", {
      type: "boolean",
      default: false,
      describe: "remove what is damaged, and objects that nothing refers to",
    }),
  handler: (args) =>
    run(args.json, () => {
      const { entries, damaged, unused } = new ObjectCache(defaultCache()).examine(args.repair);
      if (args.json) printJson({ sound: entries.length, damaged, unused });
      else {
        for (const d of damaged) printLine(`damaged  ${d.path} ${d.what}`);
        const removed = args.repair ? "; removed" : "";
        printLine(`${entries.length} sound, ${damaged.length} damaged, ${unused.length} unused${removed}`);
      }
      if (damaged.length > 0 && !args.repair) process.exitCode = 1;
    }),
};

const diff: CommandModule<object, JsonOption & { a: string; b: string }> = {
  command: "diff <a> <b>",
  describe: "which files of two builds differ, of what kind they are, and where first",
  builder: (y) =>
    jsonArgument(y)
      .positional("a", { type: "string", demandOption: true, describe: "a folder or a file" })
      .positional("b", { type: "string", demandOption: true, describe: "another" }),
  handler: (args) =>
    run(args.json, () => {
      const report = compareArtifacts(args.a, args.b);
      if (args.json) printJson(report);
      else printLine(diffText(report));
      if (report.differences.length > 0) process.exitCode = 1;
    }),
};

function diffText({ equal, differences }: ArtifactReport): string {
  const lines = differences.map(({ path, kind, a, b, first }) => {
    const how =
      a === undefined ? "only in the second" : b === undefined ? "only in the first" : firstText(first);
    return `${kind.padEnd(10)} ${path}: ${how}`;
  });
  return [...lines, `${equal} equal, ${differences.length} different`].join("\n");
}

function firstText(first: FirstDifference | undefined): string {
  if (first === undefined) return "";
  const show = (text: string) => (text === "" ? "nothing" : text.trim().slice(0, 100));
  return `${first.unit} ${first.at}: ${show(first.a)} | ${show(first.b)}`;
}

function size(bytes: number): string {
  return bytes < 1 << 20 ? `${(bytes / 1024).toFixed(0)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
