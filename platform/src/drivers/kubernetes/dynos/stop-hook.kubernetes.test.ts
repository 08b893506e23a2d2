import { expect, test } from "vitest";
import { DynoFollower, suiteSpec } from "../../../runtime/dyno/dyno-host-suite.ts";
import { BEHAVIORS, openTestCluster, shell } from "./cluster-fixtures.ts";

test("every process of a dyno is told to end, the first one once", async () => {
  const cluster = await openTestCluster();
  const space = cluster.openSpace();
  const host = await space.startHost();
  const seen = new DynoFollower(host.dynos);
  try {
    const child = `trap 'echo child' TERM; echo ready; while :; do sleep 0.1; done`;
    const orphan = `(trap 'echo orphan; exit' TERM; while :; do sleep 0.1; done) &`;
    const line = `${orphan} sh -c "${child}" & trap 'n=x$n; echo first $n' TERM; while :; do sleep 0.1; done`;
    const dyno = suiteSpec({ program: () => BEHAVIORS.works }, "works", {
      ...{ name: "worker.1", type: "worker", duty: "work" as const, stopSeconds: 8 },
      ...shell(line),
    });
    const apply = (dynos: readonly (typeof dyno)[]) =>
      host.dynos.apply({ appId: dyno.appId, dynos }, { subject: "formation", number: 1 });
    // A shell says of those that it waits for how they ended.
    const said = () =>
      space
        .log()
        .filter((text) => text.startsWith("app") && !text.endsWith("Terminated"))
        .sort();
    await apply([dyno]);
    await expect.poll(said, { timeout: 20_000 }).toEqual(["app[worker.1]: ready"]);
    await apply([]);
    await seen.until(dyno.id, "complete");
    const all = ["child", "first x", "orphan", "ready"].map((text) => `app[worker.1]: ${text}`);
    await expect.poll(said, { timeout: 20_000 }).toEqual(all);
  } finally {
    await seen.close();
    await host.stop();
    await space.close();
    await cluster.close();
  }
});
