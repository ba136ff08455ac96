// The worker's side: one e-graph, one request at a time. An entry point of its own.
import type { EGraphArrays } from "./arrays.ts";
import { buffersOf } from "./arrays.ts";
import type { EGraph } from "./egraph.ts";
import { Engine } from "./engine.ts";
import type { Numbered, Reply, Request, Start } from "./worker-protocol.ts";

type Port = {
  readonly post: (reply: Reply, transfer: ArrayBuffer[]) => void;
  readonly listen: (receive: (request: Numbered) => void) => void;
};

let graph: EGraph | undefined;
let cancelled: Int32Array | undefined;

function nodePort(): Port | undefined {
  const threads =
    typeof process === "undefined" ? undefined : process.getBuiltinModule?.("node:worker_threads");
  const port = threads?.parentPort;
  if (port === undefined || port === null) return undefined;
  return {
    post: (reply, transfer) => port.postMessage(reply, transfer),
    listen: (receive) => port.on("message", receive),
  };
}

function webPort(): Port {
  return {
    post: (reply, transfer) => globalThis.postMessage(reply, { transfer }),
    listen: (receive) =>
      globalThis.addEventListener("message", (event: MessageEvent<Numbered>) => receive(event.data)),
  };
}

function open({ module, options, cancelled: shared }: Start): void {
  cancelled = shared === undefined ? undefined : new Int32Array(shared);
  graph = new Engine(module).create(options);
}

function answer(id: number, request: Request): unknown {
  if (request.method === "start") return open(request.start);
  if (graph === undefined) throw new Error("no e-graph yet");
  switch (request.method) {
    case "run": {
      const flag = cancelled;
      const shouldStop = flag === undefined ? undefined : () => Atomics.load(flag, 0) >= id;
      return graph.runRaw(request.program, { limits: request.limits, file: request.file, shouldStop });
    }
    case "eval":
      return graph.eval(request.expression);
    case "arrays":
      return graph.arrays();
    case "serialize":
      return graph.serializeText(request.limits);
    case "addFile":
      return graph.addFile(request.name, request.text);
  }
}

function hasArrays(value: unknown): value is { readonly arrays: EGraphArrays } {
  return typeof value === "object" && value !== null && "arrays" in value;
}

function serve(port: Port): void {
  port.listen(({ id, request }) => {
    try {
      const value = answer(id, request);
      const { tuples = 0, memoryBytes = 0 } = graph ?? {};
      port.post({ id, value, tuples, memoryBytes }, hasArrays(value) ? buffersOf(value.arrays) : []);
    } catch (error) {
      port.post({ id, thrown: error instanceof Error ? error.message : String(error) }, []);
    }
  });
}

serve(nodePort() ?? webPort());
