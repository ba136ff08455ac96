/** What commands print, and how they end: 0 fine, 1 the user's error, 2 lumc's own. */
import { CompileError, type Diagnostic } from "../src/diagnostics.ts";
import { ModelError } from "../src/loader/native.ts";
import { renderDiagnostics, toJson } from "../src/render-diagnostic.ts";

const colour = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY === true && process.env.NO_COLOR === undefined;

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Diagnostics on stderr, or as one JSON object on stdout. */
export function printDiagnostics(all: readonly Diagnostic[], json: boolean): void {
  if (json) printJson({ diagnostics: all.map(toJson) });
  else if (all.length > 0)
    process.stderr.write(`${renderDiagnostics(all, { colour: colour(process.stderr) })}\n`);
}

/** Runs a command; its errors become messages and the exit code. */
export async function run(json: boolean, command: () => Promise<void> | void): Promise<void> {
  try {
    await command();
  } catch (error) {
    progressDone();
    if (error instanceof CompileError) {
      printDiagnostics(error.diagnostics, json);
      process.exitCode = 1;
    } else if (error instanceof ModelError) {
      const { code, message, help } = error;
      if (json) printJson({ diagnostics: [{ code, severity: "error", message, notes: [], help }] });
      else
        process.stderr.write(
          `error[${code}]: ${message.replace(`${code}: `, "")}${help === undefined ? "" : `\n  = help: ${help}`}\n`,
        );
      process.exitCode = 1;
    } else {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stderr.write(
        `lumc has a defect: ${text}\n\nPlease report it with the .lum file and the command.\n`,
      );
      process.exitCode = 2;
    }
  }
}

let onTerminal = false;

/** One line that is written over on a terminal; elsewhere a plain line per tenth of the work. */
export function progress(what: string, done: number, total: number, item = ""): void {
  const text = `${what} ${done}/${total}${item === "" ? "" : ` ${item}`}`;
  if (process.stderr.isTTY) {
    transient(text);
    if (done === total) progressDone();
  } else if (done === total || Math.floor((10 * done) / total) > Math.floor((10 * (done - 1)) / total)) {
    process.stderr.write(`${text}\n`);
  }
}

/** What goes on at the moment, on a terminal only. */
export function transient(text: string): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  onTerminal = true;
}

export function progressDone(): void {
  if (onTerminal) process.stderr.write("\r\x1b[2K");
  onTerminal = false;
}

export const seconds = (ms: number): string =>
  ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`;

export const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
