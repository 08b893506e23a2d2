import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{contract,platform,conformance,tools,buildpacks}/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
