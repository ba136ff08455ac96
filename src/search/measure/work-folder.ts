/**
 * Folders in which programs are built to be timed. Each says whose it is, so that those of a run that was killed are
 * removed by the next one, and nobody else's.
 */
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

type Owner = {
  readonly pid: number;
  /** When the process was started, where the system tells: numbers are given again. */
  readonly started: string;
  /** Where the number counts: the machine and, in a container, its own table of processes. */
  readonly table: string;
};

const prefix = "lumc-work-";
const note = "owner.json";

/** An empty folder of this process, for it to remove. `what` says in the name what it is for. */
export function workFolder(what: string): string {
  removeStale();
  const folder = mkdtempSync(join(tmpdir(), `${prefix}${what}-`));
  writeFileSync(join(folder, note), JSON.stringify(ownerOf(process.pid)));
  return folder;
}

/** Removes the folders of processes that are no more. */
function removeStale(): void {
  const here = tmpdir();
  for (const name of readdirSync(here)) {
    if (!name.startsWith(prefix)) continue;
    const folder = join(here, name);
    try {
      if (statSync(folder).uid === process.getuid?.() && isDead(readOwner(folder)))
        rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another run may have removed it meanwhile; what cannot be read or removed stays.
    }
  }
}

function readOwner(folder: string): Owner | undefined {
  const { pid, started, table } = JSON.parse(readFileSync(join(folder, note), "utf8"));
  if (!Number.isSafeInteger(pid) || pid <= 0 || typeof started !== "string" || typeof table !== "string")
    return undefined;
  return { pid, started, table };
}

/** Only what is known: of another machine's processes nothing is. */
function isDead(owner: Owner | undefined): boolean {
  if (owner === undefined || owner.table !== processTable()) return false;
  return !isRunning(owner.pid) || startOf(owner.pid) !== owner.started;
}

const ownerOf = (pid: number): Owner => ({ pid, started: startOf(pid), table: processTable() });

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command, in brackets, may hold anything; the 22nd field counts from before it.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return "";
  }
}

function processTable(): string {
  try {
    return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}
