import { afterAll, beforeAll } from "vitest";
import { type DynoHostHarness, testDynoHost } from "../../../runtime/dyno/dyno-host-suite.ts";
import { testDynoInsides } from "../../../runtime/dyno/dyno-inside-suite.ts";
import { BEHAVIORS, openTestCluster, type TestCluster } from "./cluster-fixtures.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await openTestCluster();
});
afterAll(() => cluster?.close());

async function open(): Promise<DynoHostHarness> {
  const space = cluster.openSpace();
  const running = await space.startHost();
  return {
    host: running.dynos,
    program: (behavior) => BEHAVIORS[behavior],
    close: async () => {
      await running.stop();
      await space.close();
    },
  };
}

testDynoHost("the Kubernetes engine", open);
testDynoInsides("the Kubernetes engine", open);
