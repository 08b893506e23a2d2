import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startTestRegistry, type TestRegistry } from "./registry-fixtures.ts";
import type { MadeStores } from "./registry-suite.ts";
import { NAME, REPOSITORY_BYTES } from "./specification-case-fixtures.ts";
import { discoveryCases } from "./specification-discovery-suite.ts";
import { managementCases } from "./specification-management-suite.ts";
import { manifestCases } from "./specification-manifest-suite.ts";
import { pullCases } from "./specification-pull-suite.ts";
import { uploadCases } from "./specification-upload-suite.ts";
import { warningCases } from "./specification-warning-suite.ts";

const CASES = [
  ...[...pullCases, ...uploadCases, ...manifestCases],
  ...[...discoveryCases, ...managementCases, ...warningCases],
];

/**
 * The OCI distribution specification 1.1, case by case: each MUST and SHOULD that is about a registry, under the title of its
 * section. What is about clients only, and what a registry MAY leave, has no case.
 */
export function specificationSuite(name: string, make: () => Promise<MadeStores>): void {
  describe(`distribution-spec 1.1 over ${name}`, () => {
    let stores: MadeStores;
    let registry: TestRegistry;
    beforeEach(async () => {
      stores = await make();
      registry = await startTestRegistry(stores, { repositoryBytes: REPOSITORY_BYTES });
    });
    afterEach(async () => {
      await registry.registry.stop();
      await stores.dispose();
    });

    it.each(CASES)("$section: $level: $says", async ({ run }) => {
      await run({ registry, ask: (what, more) => registry.ask(what, registry.role("manager", NAME), more) });
    });

    it("has each case once", () => {
      expect(new Set(CASES.map((one) => `${one.section}: ${one.says}`)).size).toBe(CASES.length);
    });
  });
}
