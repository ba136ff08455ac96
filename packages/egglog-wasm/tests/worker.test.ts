import { afterAll, expect, test } from "vitest";
import { EGraphWorker } from "../dist/index.js";
import { DEEP, outputs, program, unwrap } from "./open.ts";

const workers: EGraphWorker[] = [];
afterAll(() => {
  for (const worker of workers) worker.terminate();
});

async function start(): Promise<EGraphWorker> {
  const worker = await EGraphWorker.create();
  workers.push(worker);
  return worker;
}

test("the same results from a worker thread", async () => {
  const worker = await start();
  outputs(await worker.run(`${program("math")}(run algebra 3)`));
  expect(unwrap(await worker.check("(= $e $e)")).holds).toBe(true);
  expect(unwrap(await worker.extract("$e")).cost).toBe(8);
  const { arrays } = unwrap(await worker.arrays());
  expect(arrays.nodeOp).toBeInstanceOf(Uint32Array);
  expect(arrays.lets.has("$e")).toBe(true);
  expect(unwrap(await worker.serialize()).egraph.nodes).not.toEqual({});
  expect(worker.tuples).toBeGreaterThan(0);
});

test("an aborted run stops and the e-graph stays", async () => {
  const worker = await start();
  outputs(await worker.run("(datatype N (Z) (S N)) (rule ((= x (S y))) ((S x))) (S (Z))"));
  const abort = new AbortController();
  const running = worker.run("(run-schedule (saturate (run)))", { signal: abort.signal });
  abort.abort();
  const result = await running;
  expect(result.ok ? undefined : result.error).toMatchObject({ kind: "limit", limit: "cancelled" });
  expect(unwrap(await worker.check("(S (Z))")).holds).toBe(true);
});

test("the larger stack of a worker extracts deep terms", async () => {
  const worker = await start();
  outputs(await worker.run(DEEP));
  expect(unwrap(await worker.extract("(top)")).cost).toBe(20001);
});

test("terminate rejects what is under way", async () => {
  const worker = await EGraphWorker.create();
  const running = worker.run(
    "(datatype N (Z) (S N)) (rule ((= x (S y))) ((S x))) (S (Z)) (run-schedule (saturate (run)))",
  );
  worker.terminate();
  await expect(running).rejects.toThrow("terminated");
  await expect(worker.run("")).rejects.toThrow("terminated");
});
