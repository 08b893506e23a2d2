import { expect, test } from "vitest";
import type { Pod } from "../../../platform/src/drivers/kubernetes/client/index.ts";
import { seePod } from "./seen-pod.ts";

function pod(spec: Pod["spec"], status: Pod["status"]): Pod {
  const metadata = { name: "a", namespace: "here", uid: "u", labels: { app: "a" } };
  return { apiVersion: "v1", kind: "Pod", metadata, spec, ...(status ? { status } : {}) };
}

test("a pod is seen with its labels, its node, its addresses and the names of its ports", () => {
  const ports = [{ name: "web", containerPort: 80 }, { containerPort: 81 }];
  const spec = { nodeName: "node1", containers: [{ ports }] };
  const status = {
    phase: "Running",
    podIP: "10.0.0.1",
    podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }],
  } as const;
  expect(seePod(pod(spec, status))).toEqual({
    uid: "u",
    namespace: "here",
    name: "a",
    labels: { app: "a" },
    node: "node1",
    addresses: ["10.0.0.1", "fd00::1"],
    ports: [{ name: "web", protocol: "TCP", number: 80 }],
  });
});

test.each(["Succeeded", "Failed"] as const)(
  "one that has %s is gone: its address may be another's",
  (phase) => {
    expect(seePod(pod({ nodeName: "node1" }, { phase, podIP: "10.0.0.1" }))).toBeUndefined();
  },
);

test("one with its node's address is no pod to policies", () => {
  expect(seePod(pod({ nodeName: "node1", hostNetwork: true }, { podIP: "192.0.2.1" }))).toBeUndefined();
});

test("one without an address yet is seen, and one of an older server by its only address", () => {
  expect(seePod(pod({}, undefined))).toMatchObject({ node: undefined, addresses: [], ports: [] });
  expect(seePod(pod({}, { podIP: "10.0.0.1" }))).toMatchObject({ addresses: ["10.0.0.1"] });
});

test("ports of containers that start first count where they stay", () => {
  const port = (name: string) => ({ ports: [{ name, containerPort: 80, protocol: "UDP" }] });
  const initContainers = [{ ...port("stays"), restartPolicy: "Always" }, port("ends")];
  const names = seePod(pod({ containers: [port("own")], initContainers }, undefined))?.ports.map(
    ({ name }) => name,
  );
  expect(names).toEqual(["own", "stays"]);
});
