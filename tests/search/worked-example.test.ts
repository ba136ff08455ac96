/** The example that docs/architecture.md explains the search with goes as the page tells it. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { choicesOf, type Plan } from "../../src/ir/plan.ts";
import { compile, compileSearched } from "../../src/pipeline.ts";
import { allNodes } from "../../src/search/encode.ts";
import type { LockPart } from "../../src/search/lock.ts";
import { lockName } from "../../src/search/lock-file.ts";
import { genericCpu } from "../../src/targets/machines.ts";

const page = readFileSync(new URL("../../docs/architecture.md", import.meta.url), "utf8");
const text = /```lum\n(model Weighted .*?)```/s.exec(page)![1];
const source = { path: "weighted.lum", text };

const kernels = (plan: Plan) => plan.entries.flatMap((e) => [...choicesOf(e.body)]).length;

test("the worked example of the architecture page", async () => {
  const direct = compile(source);
  expect(allNodes(direct.hlir).length).toBe(9);
  expect(kernels(direct.plan)).toBe(2);

  const { searched, files } = await compileSearched(source, { search: { machine: genericCpu } });
  const { plan, space, share } = searched;
  const sums = [...space.classOf].filter(([n]) => n.op.kind === "reduce").map(([, c]) => c);
  expect(sums.map((c) => space.candidates.get(c)!.length)).toEqual([5]);
  expect(kernels(plan)).toBe(1);
  expect(page).toContain(`${Math.round(100 * (1 - share))} % under the direct plan`);

  const [choice] = (JSON.parse(files.get(lockName)!) as LockPart).plans[0].choices;
  expect(choice.as).toBe("(sum((a * v)) over axes 2 * recip(z))");
  expect(choice.rules).toContain("divide-after-weighted-sum");
});
