import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/longest-first.ts";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    exclude: ["tests/long/**", "node_modules/**"],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // OpenMP's threads sleep where they wait: two test files at a time would otherwise spin against one another.
    env: { OMP_WAIT_POLICY: "passive" },
  },
});
