import { join } from "node:path";
import { collectionSuite } from "../../../delivery/registry/collection-suite.ts";
import { age, filesIn, GRACE_MS, openSweptStores } from "./sweep-fixtures.ts";

async function open() {
  const stores = await openSweptStores();
  const { root, images, repositories, content } = stores;
  return {
    ...stores,
    sweep: (known: readonly string[], rest: () => Promise<void>) => stores.sweep({ known, onAside: rest }),
    age: (share = 1) => age(root, share * GRACE_MS + 60_000),
    forget: (app: string) => content.forget(app),
    leftovers: () => [...filesIn(join(images, "blobs")), ...filesIn(repositories)],
  };
}

collectionSuite("stores on disk", open, { rounds: 60, comebacks: 25, ends: 40 });
