import { rebasedImagesSuite } from "../../../delivery/rebase/rebased-images-suite.ts";
import { holdImage } from "../../../delivery/registry/index.ts";
import { makeFakeRegistryStores } from "../../../delivery/registry/registry-fake.ts";
import { startTestRegistry } from "../../../delivery/registry/registry-fixtures.ts";
import { makeRegistryClient, makeRegistryRebasedImages } from "./index.ts";

rebasedImagesSuite("registry", async () => {
  const stores = makeFakeRegistryStores();
  const { content } = stores;
  let touched: string[] = [];
  const watched = {
    ...stores,
    content: {
      ...content,
      read: async (...given: Parameters<typeof content.read>) => {
        touched.push(given[0]);
        return await content.read(...given);
      },
      write: async (...given: Parameters<typeof content.write>) => {
        const written = await content.write(...given);
        touched.push(written.digest);
        return written;
      },
    },
  };
  const registry = await startTestRegistry(watched);
  const repositoryOf = (appId: string) => `team/${appId}`;
  const open = (appId: string) =>
    makeRegistryClient({
      url: `http://127.0.0.1:${registry.port}`,
      login: registry.push(repositoryOf(appId)),
    });
  return {
    rebased: makeRegistryRebasedImages({ open, repositoryOf, runRepositories: ["conifer/run"] }),
    store: content,
    hold: (appId, digest) =>
      holdImage(stores, {
        repository: appId === undefined ? { space: "conifer", name: "run" } : { space: "team", name: appId },
        digest,
      }),
    serves: async (appId, digest) => {
      const client = open(appId);
      return (
        (await client.pullManifest(repositoryOf(appId), digest).finally(() => client.close())) !== undefined
      );
    },
    touched: () => {
      const all = touched;
      touched = [];
      return all;
    },
    dispose: () => registry.registry.stop(),
  };
});
