// The package in a real browser page. Needs Chromium (Debian's package); says loudly where it is not there.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";
const missing = !existsSync(chromium);
if (missing)
  console.warn(
    `\n*** SKIPPED: the browser test needs ${chromium} (apt-get install chromium, or set CHROMIUM) ***\n`,
  );

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

type Server = { readonly url: string; readonly result: Promise<unknown>; readonly close: () => void };

/** Serves the package, cross-origin isolated, and waits for what the page posts. */
async function serve(): Promise<Server> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    if (request.method === "POST") {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      resolve(JSON.parse(Buffer.concat(chunks).toString()));
      response.end();
      return;
    }
    const file = await readFile(join(root, path)).catch(() => undefined);
    const isolation = {
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    };
    response.writeHead(file === undefined ? 404 : 200, {
      "content-type": TYPES[extname(path)] ?? "text/plain",
      ...isolation,
    });
    response.end(file);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}/tests/browser/page.html`, result: promise, close };
}

test.skipIf(missing)("page and worker in headless Chromium", async () => {
  const profile = mkdtempSync(join(tmpdir(), "egglog-wasm-chromium-"));
  const { url, result, close } = await serve();
  const browser = spawn(chromium, [...FLAGS, `--user-data-dir=${profile}`, url], {
    stdio: "ignore",
    detached: true,
  });
  try {
    expect(await result).toMatchObject({
      page: { ok: true, text: "(Num 6)", cost: 2, error: ["type", 2], panic: "panic" },
      worker: { cost: 2, stopped: "cancelled" },
    });
  } finally {
    // The whole group: Chromium has several processes.
    if (browser.pid !== undefined) process.kill(-browser.pid, "SIGKILL");
    close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
});
