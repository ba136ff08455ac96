// Runs in the page; sends what it saw to the test's server.
import { EGraph, EGraphWorker, loadEngine, printTerm } from "/dist/index.js";

const PROGRAM = `
(datatype E (Num i64) (Add E E))
(rewrite (Add (Num a) (Num b)) (Num (+ a b)))
(let $e (Add (Num 1) (Add (Num 2) (Num 3))))
(run 5)`;

async function onPage() {
  const g = await EGraph.create({ limits: { nodes: 1000 } });
  const run = g.run(PROGRAM);
  const { term, cost } = g.extract("$e");
  const { error } = g.run("\n(Nothing)");
  const panic = g.run("(unstable-combined-ruleset all nowhere)(run all 1)").error;
  const nodes = g.arrays().arrays.nodeOp.length;
  g.dispose();
  return {
    ok: run.ok,
    text: printTerm(term),
    cost,
    error: [error.kind, error.line],
    panic: panic.kind,
    nodes,
  };
}

async function inWorker() {
  const worker = await EGraphWorker.create();
  await worker.run(PROGRAM);
  const { cost } = await worker.extract("$e");
  const abort = new AbortController();
  const endless = worker.run("(rule ((= x (Num a))) ((Num (+ a 1)))) (run-schedule (saturate (run)))", {
    signal: abort.signal,
  });
  setTimeout(() => abort.abort(), 20);
  const { error } = await endless;
  worker.terminate();
  return { cost, stopped: error.limit };
}

async function report() {
  try {
    const start = performance.now();
    await loadEngine();
    const loadMs = performance.now() - start;
    return { page: await onPage(), worker: await inWorker(), loadMs };
  } catch (error) {
    return { thrown: String(error?.stack ?? error) };
  }
}

await fetch("/result", { method: "POST", body: JSON.stringify(await report()) });
