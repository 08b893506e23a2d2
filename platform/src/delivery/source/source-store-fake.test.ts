import { fakeArchiveStore, fakeSourceStore } from "./source-store-fake.ts";
import { describeArchiveStore, describeSourceStore } from "./source-store-suite.ts";

describeSourceStore("the fake", async () => {
  const store = fakeSourceStore();
  return { store, contents: async () => [...store.kept.keys()], close: async () => {} };
});

describeArchiveStore("the fake", async () => {
  const store = fakeArchiveStore();
  return { store, contents: async () => store.ids(), close: async () => {} };
});
