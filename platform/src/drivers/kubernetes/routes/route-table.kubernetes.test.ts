import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, vi } from "vitest";
import { testRouteTable } from "../../../edge/route/route-table-suite.ts";
import { KIND, type KubeClient, makeKubeClient, openKubeAccess } from "../client/index.ts";
import { openRoutedTable } from "./routed-table-fixtures.ts";

/** Each is an object that is made by itself, and a cluster takes its time. */
const MANY = 1_000;
vi.setConfig({ testTimeout: 300_000 });

let client: KubeClient;
beforeAll(async () => {
  const { KUBECONFIG } = process.env;
  if (!KUBECONFIG)
    throw new Error("These tests need a Kubernetes cluster. Run them with `npm run test:kubernetes`.");
  client = makeKubeClient(await openKubeAccess(KUBECONFIG));
});
afterAll(() => client?.close());

async function open() {
  const name = `conifer-test-${randomUUID().slice(0, 8)}`;
  const { apiVersion, kind } = KIND.namespace;
  await client.create({ apiVersion, kind, metadata: { name } });
  const { stop, ...subject } = await openRoutedTable(client, name);
  return {
    ...subject,
    close: async () => {
      await stop();
      await client.remove({ kind: KIND.namespace }, name);
    },
  };
}

testRouteTable("objects of a cluster", open, { many: MANY });
