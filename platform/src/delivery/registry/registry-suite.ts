import { afterEach, beforeEach, describe } from "vitest";
import { accessTests } from "./registry-access-suite.ts";
import { type RegistryStores, startTestRegistry, type TestRegistry } from "./registry-fixtures.ts";
import { pullTests } from "./registry-pull-suite.ts";
import { pushTests } from "./registry-push-suite.ts";

export interface MadeStores extends RegistryStores {
  readonly dispose: () => Promise<void>;
}

/** What the registry does over http, whatever holds its content. `make` gives empty stores. */
export function registrySuite(name: string, make: () => Promise<MadeStores>): void {
  describe(`the registry over ${name}`, () => {
    let stores: MadeStores;
    let registry: TestRegistry;
    beforeEach(async () => {
      stores = await make();
      registry = await startTestRegistry(stores, { tags: 6, referrers: 2 });
    });
    afterEach(async () => {
      await registry.registry.stop();
      await stores.dispose();
    });
    const world = { registry: () => registry, stores: () => stores };
    accessTests(world);
    pullTests(world);
    pushTests(world);
  });
}
