import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DynoFollower, suiteSpec } from "../../../runtime/dyno/dyno-host-suite.ts";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import { KIND, type Pod } from "../client/index.ts";
import { runInPod } from "../client/pod-command-fixtures.ts";
import { BEHAVIORS, openTestCluster, shell, type TestCluster, type TestSpace } from "./cluster-fixtures.ts";
import type { KubernetesDynoHost } from "./kubernetes-dyno-host.ts";

/** What a program in a dyno finds that means ill. Whom it reaches is the isolation guide's table. */

const DISK = 64 * 2 ** 20;

let cluster: TestCluster;
let space: TestSpace;
let host: KubernetesDynoHost;
let seen: DynoFollower;

const worker = (name: string, line: string): DynoSpec =>
  suiteSpec({ program: () => BEHAVIORS.works }, "works", {
    ...{ name, type: "worker", duty: "work" as const, env: { SECRET: "its own" } },
    ...shell(line),
  });
const hostile = worker("worker.1", "exec sleep 100000");
const neighbor = worker("worker.2", "exec sleep 100000");
const greedy = worker("worker.3", "dd if=/dev/zero of=/tmp/full bs=1M count=400; exec sleep 100000");

beforeAll(async () => {
  cluster = await openTestCluster();
  space = cluster.openSpace();
  host = await space.startHost(undefined, undefined, { diskBytes: DISK });
  seen = new DynoFollower(host.dynos);
  await host.dynos.apply(
    { appId: hostile.appId, dynos: [hostile, neighbor] },
    { subject: "formation", number: 1 },
  );
  await seen.until(hostile.id, "up");
  await seen.until(neighbor.id, "up");
});
afterAll(async () => {
  await seen?.close();
  await host?.stop();
  await space?.close();
  await cluster?.close();
});

async function podsOf({ id }: DynoSpec): Promise<readonly Pod[]> {
  const at = { kind: KIND.pod, namespace: space.namespace };
  return (await cluster.client.list<Pod>(at, { labelSelector: `conifer.dev/dyno=${id}` })).items;
}

/** What a line of shell says in the dyno, as any program of it would. */
async function inDyno(line: string, dyno = hostile) {
  const pod = (await podsOf(dyno)).find(({ status }) => status?.phase === "Running");
  const place = { namespace: space.namespace, pod: pod?.metadata.name ?? "", container: "dyno" };
  return runInPod(cluster.client, place, ["/bin/sh", "-c", line]);
}

describe("a dyno sees", () => {
  test("its own environment, and nothing of the cluster's", async () => {
    const { output } = await inDyno("env | busybox grep -v '^KUBERNETES_[A-Z0-9_]*=$'");
    const names = output
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0])
      .filter((name) => !["PWD", "SHLVL", "HOME"].includes(name ?? ""));
    expect(names.sort()).toEqual(["DYNO", "HOSTNAME", "PATH", "PORT", "SECRET"]);
  });

  test("no token, and no files but the image's and those that every pod has", async () => {
    const { output } = await inDyno("cat /proc/mounts");
    const points = output
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[1] ?? "");
    const own = points.filter((point) => !/^\/(?:proc|sys|dev)(?:\/|$)/.test(point));
    expect(own.sort()).toEqual(["/", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf"]);
    expect((await inDyno("ls /var/run/secrets /run/secrets")).exitCode).not.toBe(0);
  });

  test("its own processes", async () => {
    const { output } = await inDyno("ps -o pid,args");
    expect(output).not.toMatch(/containerd|kubelet|httpd/);
    expect(output.trim().split("\n").length).toBeLessThan(8);
    expect((await inDyno("ps -o args", neighbor)).output).not.toContain("cat /proc/mounts");
  });

  test("resolvers, and no names of the cluster", async () => {
    const { output } = await inDyno("cat /etc/resolv.conf");
    expect(output).toContain("nameserver");
    expect(output).not.toContain("cluster.local");
  });
});

describe("a dyno has", () => {
  test("no capability, no way to one, a filter of system calls, and a user that is nobody", async () => {
    const { output } = await inDyno("cat /proc/self/status");
    const fields = new Map(output.split("\n").map((line) => line.split(/:\s+/) as [string, string]));
    expect(fields.get("Uid")).toMatch(/^1000\s+1000\s+1000\s+1000$/);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
      expect(Number(`0x${fields.get(set)}`)).toBe(0);
    expect(fields.get("NoNewPrivs")).toBe("1");
    expect(fields.get("Seccomp")).toBe("2");
  });

  test.each([
    ["mount a file system", "busybox mount -t tmpfs none /tmp"],
    ["get namespaces of its own", "busybox unshare -U -r true"],
    ["make a device", "busybox mknod /tmp/sda b 8 0"],
    ["read the kernel's memory", "busybox head -c 1 /proc/kcore | busybox wc -c | busybox grep 1"],
    ["read the kernel's log", "busybox dmesg"],
    ["change the kernel's settings", "echo 1 > /proc/sys/kernel/panic"],
    ["restart the machine", "echo b > /proc/sysrq-trigger"],
    ["change a cgroup", "busybox mkdir /sys/fs/cgroup/mine || busybox mkdir /sys/fs/cgroup/memory/mine"],
    ["change the network", "busybox ip address add 10.9.9.9/32 dev eth0"],
    ["open a raw socket", "busybox ping -c 1 -w 1 127.0.0.1 && busybox arping -c 1 -w 1 127.0.0.1"],
    ["write where the image's programs are", "echo x > /bin/busybox"],
    ["become root", "busybox su -c true root"],
    ["change the host's name", "busybox hostname other"],
    ["set the clock", "busybox date -s 2000-01-01; busybox date +%Y | busybox grep 2000"],
  ])("no way to %s", async (_what, line) => {
    expect((await inDyno(line)).exitCode).not.toBe(0);
  });

  test("no way to end what holds the pod", async () => {
    const restarts = async () =>
      (await podsOf(hostile)).map(({ status }) => status?.containerStatuses?.[0]?.restartCount);
    await inDyno("kill -9 1");
    await inDyno("kill -9 -1 & sleep 1").catch(() => undefined); // takes its own process with it
    expect((await inDyno("ps -o pid,args", neighbor)).output).toMatch(/^ *1 /m);
    await expect.poll(restarts, { timeout: 30_000 }).toEqual([1]);
    await seen.until(hostile.id, "up");
  });

  test("its spec from the strictest level, a limit of all it uses, and nobody's account", async () => {
    const [pod] = await podsOf(hostile);
    expect(pod?.spec).toMatchObject({
      serviceAccountName: "conifer-dyno",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      dnsPolicy: "Default",
      containers: [{ resources: { limits: { "ephemeral-storage": String(DISK) } } }],
    });
  });
});

test("a dyno that starts processes without end is stopped by its node, and its neighbor is not", async () => {
  const bomb = "i=0; while [ $i -lt 3000 ]; do sleep 30 & i=$((i+1)); done; echo all of them";
  const { output } = await inDyno(bomb);
  expect(output).toMatch(/can't fork|Resource temporarily unavailable/);
  expect(output).not.toContain("all of them");
  expect((await inDyno("echo fine", neighbor)).output.trim()).toBe("fine");
  // They would hold up those that come after this one.
  const [pod] = await podsOf(hostile);
  await cluster.client.remove({ kind: KIND.pod, namespace: space.namespace }, pod?.metadata.name ?? "", {
    gracePeriodSeconds: 0,
  });
});

test("a dyno that fills its node's disk is ended, alone, and its app is told why", async () => {
  const before = (await podsOf(neighbor)).map(({ metadata }) => metadata.uid);
  await host.dynos.apply(
    { appId: hostile.appId, dynos: [neighbor, greedy] },
    { subject: "formation", number: 2 },
  );
  const evicted = await (async () => {
    for (const deadline = Date.now() + 100_000; Date.now() < deadline; await wait(250)) {
      const found = (await podsOf(greedy)).find(({ status }) => status?.reason === "Evicted");
      if (found) return found;
    }
    throw new Error(
      `it was not ended: ${JSON.stringify((await podsOf(greedy)).map(({ status }) => status))}`,
    );
  })();
  expect(evicted.status?.message).toContain("ephemeral");
  expect((await podsOf(neighbor)).map(({ metadata }) => metadata.uid)).toEqual(before);
  expect((await inDyno("echo fine", neighbor)).output.trim()).toBe("fine");
  await expect
    .poll(() => space.log("worker.3"), { timeout: 20_000 })
    .toContainEqual(expect.stringMatching(/^heroku\[worker\.3\]: Error R99 .*ephemeral/));
});
