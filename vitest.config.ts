import { defineConfig } from "vitest/config";

// Real processes, brokers and a browser share a small machine in CI: a test that fails there is tried once more,
// and the report says so. Elsewhere a failure is a failure at once.
const retry = process.env["CI"] === undefined ? 0 : 1;
const slow = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    projects: [
      {
        // Beside their subjects: pure code and single rooms.
        test: {
          name: "unit",
          retry,
          include: [
            "{protocol,runtime,storage,broker,edge,historian,mesh-registry,cli,bench}/src/**/*.test.ts",
            "dashboard/*/src/**/*.test.{ts,tsx}",
          ],
          pool: "forks",
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        // The whole stack: real processes, brokers and a browser, one file at a time.
        test: {
          name: "integration",
          retry,
          include: ["test/src/**/*.test.ts"],
          exclude: ["test/src/faults/**", "test/src/compose/**"],
          pool: "forks",
          fileParallelism: false,
          ...slow,
        },
      },
      {
        // Faults: kill -9, cut networks, full disks. FAULTS=full runs the whole matrix.
        test: {
          name: "faults",
          retry,
          include: ["test/src/faults/**/*.test.ts"],
          pool: "forks",
          fileParallelism: false,
          maxConcurrency: 2,
          testTimeout: 240_000,
          hookTimeout: 60_000,
        },
      },
      {
        // docker-compose.yml brought up for real; needs a container engine.
        test: {
          name: "compose",
          include: ["test/src/compose/**/*.test.ts"],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
