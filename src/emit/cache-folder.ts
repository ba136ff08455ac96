/** Where lumc keeps what outlives a build: objects, timings, the calibration of this machine. */
import { homedir } from "node:os";
import { join } from "node:path";

export const cacheFolder = (): string =>
  join(process.env.LUMC_CACHE ?? process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "lumc");

/** Objects of compiled sources. */
export const defaultCache = (): string => join(cacheFolder(), "objects");
