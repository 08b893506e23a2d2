import { afterAll, beforeAll } from "vitest";
import { testDynoHost } from "../../../runtime/dyno/dyno-host-suite.ts";
import { BEHAVIORS, openTestCluster, type TestCluster } from "./cluster-fixtures.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await openTestCluster();
});
afterAll(() => cluster?.close());

testDynoHost("the Kubernetes engine", async () => {
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
});
