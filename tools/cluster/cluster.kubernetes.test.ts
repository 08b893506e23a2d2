import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clusterFolders, MACHINE_FOLDER } from "./cluster-folders.ts";
import { findNodes, seeProcesses } from "./cluster-processes.ts";
import { KERNEL_SETTINGS } from "./host-kernel.ts";
import { testClusterName } from "./test-clusters.ts";
import { eventually, onCluster, probeObjects, serveImage, tracesOf } from "./tool-fixtures.ts";

/** The tool itself, on a cluster of its own: two nodes, both families. */

const NAME = testClusterName(process.pid);
const IMAGE = "localhost/probe:test";
const cluster = onCluster(NAME);
const folders = clusterFolders(NAME, process.env);
const kernelBefore = readKernel();

/** Where the probe lies among the programs that a running node was started from. */
function findProbe(): string {
  const [node] = findNodes(NAME, seeProcesses());
  const pause = readFileSync(`/proc/${node?.pid}/cmdline`, "utf8").split("\0")[0] ?? "";
  return join(dirname(pause), "probe");
}

function readKernel(): Record<string, string> {
  const names = Object.keys(KERNEL_SETTINGS).filter((name) => existsSync(`/proc/sys/${name}`));
  return Object.fromEntries(names.map((name) => [name, readFileSync(`/proc/sys/${name}`, "utf8")]));
}

const status = () => {
  const found = cluster.status();
  if (!found) throw new Error("there is no cluster");
  return found;
};

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName: string };
  readonly status: { readonly podIPs?: readonly { readonly ip: string }[] };
}

/** The probe's pods that are to stay, one on each node, in the nodes' order. */
function probes(): Pod[] {
  const { items } = JSON.parse(cluster.kubectl("get", "pods", "-l", "app=probe", "-o", "json")) as {
    items: Pod[];
  };
  return items
    .filter(({ metadata }) => !metadata.deletionTimestamp)
    .sort((a, b) => (a.spec.nodeName < b.spec.nodeName ? -1 : 1));
}

const exec = (pod: Pod | undefined, ...command: string[]) =>
  cluster.run(["kubectl", "exec", pod?.metadata.name ?? "", "--", ...command]);

/** The process ids of the probe's servers on all nodes: a container that was started again has another. */
function probeProcesses(): number[] {
  const servers = seeProcesses().filter(({ command }) => command[0] === "/probe" && command[1] === "serve");
  const pids = servers.map(({ pid }) => pid);
  return pids.filter((pid) => readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(`/ck-${NAME}/`));
}

const onUrl = (address: string, port: number) =>
  `http://${address.includes(":") ? `[${address}]` : address}:${port}`;

beforeAll(() => {
  cluster.must("up", "--nodes", "2", "--dual-stack");
  cluster.must("image", IMAGE, `${findProbe()}:/probe`);
  cluster.apply(...probeObjects(IMAGE, ["IPv4", "IPv6"]));
  cluster.kubectl("rollout", "status", "daemonset/probe", "--timeout=60s");
});

afterAll(() => {
  cluster.run(["down"]);
});

describe("a cluster that is up", () => {
  test("says so, with everything in its place", () => {
    const found = status();
    expect(found).toMatchObject({ name: NAME, healthy: true, dns: true, dualStack: true, egress: true });
    expect(found.nodes.map(({ name, ready }) => [name, ready])).toEqual([
      ["node1", true],
      ["node2", true],
    ]);
    expect(cluster.run(["status"]).output).toContain(`${NAME} is up.`);
  });

  test("is Kubernetes 1.34, and every node takes pods", () => {
    expect(cluster.kubectl("version", "-o", "json")).toContain('"gitVersion": "v1.34.');
    const ready = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status} {end}';
    expect(cluster.kubectl("get", "nodes", "-o", `jsonpath=${ready}`)).toBe("True True");
  });

  test("promises no more memory than the machine has", () => {
    const memory = cluster.kubectl("get", "nodes", "-o", "jsonpath={.items[*].status.allocatable.memory}");
    const total = Number(/MemTotal:\s+(\d+) kB/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]);
    const promised = memory.split(" ").reduce((sum, one) => sum + Number.parseInt(one, 10), 0);
    expect(promised).toBeGreaterThan(total / 2);
    expect(promised).toBeLessThan(total);
  });

  test("started again, nothing is started twice", () => {
    const before = status().nodes;
    expect(cluster.must("up").trim()).toBe(folders.kubeconfig);
    expect(status().nodes).toEqual(before);
  });

  test("two commands at a time wait for each other", async () => {
    const both = [cluster.start("up"), cluster.start("up")];
    expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([0, 0]);
  });

  test("refuses what it cannot become", () => {
    const { status: fewer, errors } = cluster.run(["up", "--nodes", "1"]);
    expect([fewer, errors]).toEqual([2, expect.stringContaining("has 2 nodes already")]);
  });
});

describe("the network", () => {
  test("every pod reaches every pod, on both families", () => {
    const pods = probes();
    expect(pods.map(({ spec }) => spec.nodeName)).toEqual(["node1", "node2"]);
    for (const from of pods) {
      for (const to of pods) {
        const addresses = to.status.podIPs ?? [];
        expect(addresses).toHaveLength(2);
        for (const { ip } of addresses) {
          const answer = exec(from, "/probe", "get", onUrl(ip, 8080));
          expect(answer.output).toContain(`hello ${to.metadata.name}`);
        }
      }
    }
  });

  test("a Service is reached by its name from a pod, and by its addresses from the host", async () => {
    const [pod] = probes();
    const lookup = exec(pod, "/probe", "lookup", "probe.default.svc.cluster.local").output.trim().split("\n");
    const addresses = cluster.kubectl("get", "service", "probe", "-o", "jsonpath={.spec.clusterIPs[*]}");
    expect(lookup.sort()).toEqual(addresses.split(" ").sort());
    expect(exec(pod, "/probe", "get", "http://probe.default").output).toContain("hello probe-");
    for (const address of addresses.split(" ")) {
      expect(await (await fetch(onUrl(address, 80))).text()).toContain("hello probe-");
    }
  });

  test("images are pulled over plain http from the registry", async () => {
    const { registry, host } = status();
    const served = await serveImage(findProbe(), host, Number(registry.split(":")[1]));
    try {
      const spec = {
        terminationGracePeriodSeconds: 0,
        restartPolicy: "Never",
        containers: [{ name: "app", image: `${registry}/app:1`, command: ["/probe", "exit", "0"] }],
      };
      cluster.apply({ apiVersion: "v1", kind: "Pod", metadata: { name: "pulled" }, spec });
      await eventually(
        () => cluster.kubectl("get", "pod", "pulled", "-o", "jsonpath={.status.phase}"),
        (phase) => phase === "Succeeded",
      );
      expect(served.pulls()).toBeGreaterThan(0);
    } finally {
      await served.stop();
    }
  });
});

describe("the way out", () => {
  // An outside of our own: a network namespace that knows no way back to a pod, only to the host.
  const [host, outside, space] = ["203.0.113.1", "203.0.113.2", `ck-out-${process.pid}`];
  const link = `cko${process.pid.toString(36)}`;
  const ip = (...args: string[]) => {
    const { status: code, stderr } = spawnSync("ip", args, { encoding: "utf8" });
    if (code !== 0) throw new Error(stderr);
  };
  let server: ChildProcess | undefined;

  beforeAll(() => {
    ip("netns", "add", space);
    ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", space);
    ip("address", "add", `${host}/30`, "dev", link);
    ip("link", "set", link, "up");
    ip("-n", space, "address", "add", `${outside}/30`, "dev", "eth0");
    ip("-n", space, "link", "set", "eth0", "up");
    const command = ["netns", "exec", space, findProbe(), "serve", "8080", "outside"];
    server = spawn("ip", command, { stdio: "ignore" });
  });

  afterAll(() => {
    server?.kill("SIGKILL"); // ip has become the probe
    ip("netns", "delete", space);
    spawnSync("ip", ["link", "delete", link]);
  });

  const ask = (pod: Pod | undefined) => exec(pod, "/probe", "get", `http://${outside}:8080`, "3");

  test("a pod on every node has one, as the host", async () => {
    for (const pod of probes()) {
      const { output } = await eventually(
        () => ask(pod),
        (answer) => answer.status === 0,
      );
      expect(output).toMatch(new RegExp(`^outside \\S+ ${host}:\\d+$`, "m"));
    }
  });

  test("it can be taken away and given back", () => {
    cluster.must("up", "--no-egress");
    for (const pod of probes()) expect(ask(pod).status).toBe(1);
    expect(exec(probes()[0], "/probe", "get", "http://probe.default").output).toContain("hello");
    cluster.must("up", "--egress");
    for (const pod of probes()) expect(ask(pod)).toMatchObject({ status: 0 });
  });
});

describe("a container", () => {
  test("is entered: input, output and exit status", () => {
    const name = probes()[0]?.metadata.name ?? "";
    const echoed = cluster.run(["kubectl", "exec", "-i", name, "--", "/probe", "echo"], "in and out");
    expect(echoed).toMatchObject({ status: 0, output: "in and out" });
    expect(exec(probes()[1], "/probe", "exit", "7").status).toBe(7);
  });

  test("that takes more memory than it may is killed", async () => {
    const spec = {
      restartPolicy: "Never",
      containers: [
        {
          name: "eater",
          image: IMAGE,
          imagePullPolicy: "Never",
          command: ["/probe", "eat", "200"],
          resources: { limits: { memory: "64Mi" } },
        },
      ],
    };
    cluster.apply({ apiVersion: "v1", kind: "Pod", metadata: { name: "eater" }, spec });
    const why = "{.status.containerStatuses[0].state.terminated.reason}";
    await eventually(
      () => cluster.kubectl("get", "pod", "eater", "-o", `jsonpath=${why}`),
      (reason) => reason === "OOMKilled",
    );
  });
});

describe("secrets", () => {
  test("are sealed in etcd, with a key that only root reads", () => {
    const value = "a-value-that-nobody-may-read";
    cluster.kubectl("create", "secret", "generic", "sealed", `--from-literal=value=${value}`);
    const key = Buffer.from("/registry/secrets/default/sealed").toString("base64");
    const ask = `fetch("http://127.0.0.1:2379/v3/kv/range", { method: "POST", body: '{"key":"${key}"}' })`;
    const script = `${ask}.then((answer) => answer.text()).then(console.log)`;
    const { kvs } = JSON.parse(cluster.must("node", "1", process.execPath, "-e", script)) as {
      kvs: { value: string }[];
    };
    const stored = Buffer.from(kvs[0]?.value ?? "", "base64").toString("latin1");
    expect(stored).toMatch(/^k8s:enc:secretbox:v1:key1:/);
    expect(stored).not.toContain(value);
    expect(statSync(join(folders.state, "encryption.json")).mode & 0o777).toBe(0o600);
    expect(statSync(folders.kubeconfig).mode & 0o777).toBe(0o600);
    expect(cluster.kubectl("get", "secret", "sealed", "-o", "jsonpath={.data.value}")).toBe(
      Buffer.from(value).toString("base64"),
    );
  });
});

describe("simulated nodes", () => {
  const names = () =>
    cluster.kubectl("get", "nodes", "-l", "conifer-cluster/simulated=true", "-o", "name").split("\n");
  const ready = () =>
    cluster.kubectl("get", "deployment", "simulated", "-o", "jsonpath={.status.readyReplicas}");

  test("are there at once, take pods that ask for them, and go with their pods", async () => {
    cluster.must("scale", "--nodes", "12");
    expect(names()).toHaveLength(12);
    expect(status()).toMatchObject({ healthy: true, simulatedNodes: 12 });
    const labels = { app: "simulated" };
    const spec = {
      nodeSelector: { "conifer-cluster/simulated": "true" },
      tolerations: [{ key: "conifer-cluster/simulated", operator: "Exists" }],
      containers: [{ name: "c", image: "none", resources: { requests: { cpu: "100m" } } }],
    };
    const template = { metadata: { labels }, spec };
    cluster.apply({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "simulated" },
      spec: { replicas: 60, selector: { matchLabels: labels }, template },
    });
    await eventually(ready, (count) => count === "60");
    cluster.must("up"); // leaves them alone
    expect(ready()).toBe("60");
    cluster.must("scale", "--nodes", "4");
    expect(names()).toHaveLength(4);
    await eventually(ready, (count) => count === "60");
    cluster.kubectl("delete", "deployment", "simulated");
    cluster.must("scale", "--nodes", "0");
    expect(names()).toEqual([""]);
    expect(status().nodes[0]?.programs).not.toHaveProperty("kwok");
  });
});

describe("faults", () => {
  test("a killed node is missed, and up brings it back with its pods", async () => {
    process.kill(status().nodes[1]?.pid ?? 0, "SIGKILL");
    await eventually(
      () => status().nodes[1]?.pid,
      (pid) => pid === null,
    );
    expect(cluster.run(["status"])).toMatchObject({
      status: 1,
      output: expect.stringContaining("node2       "),
    });
    cluster.must("up");
    expect(status().healthy).toBe(true);
    await eventually(
      () => exec(probes()[1], "/probe", "get", "http://probe.default").status,
      (code) => code === 0,
    );
  });

  test("killed programs come back, and the pods never notice", () => {
    const before = probeProcesses();
    expect(before).toHaveLength(2);
    const [first, second] = status().nodes;
    for (const program of ["etcd", "kube-apiserver", "kube-scheduler", "kube-proxy"]) {
      process.kill(first?.programs[program] ?? 0, "SIGKILL");
    }
    for (const program of ["kubelet", "containerd"]) process.kill(second?.programs[program] ?? 0, "SIGKILL");
    cluster.must("up");
    expect(status().healthy).toBe(true);
    expect(probeProcesses()).toEqual(before);
  });

  test("taken down with its data kept, it comes back the same", () => {
    cluster.must("down", "--keep");
    expect(tracesOf(NAME, "198.19.999.0")).toEqual([]);
    expect(cluster.run(["status"]).status).toBe(1);
    cluster.must("up");
    expect(cluster.kubectl("get", "secret", "sealed", "-o", "name")).toBe("secret/sealed");
  });
});

describe("down", () => {
  test("leaves nothing behind, not even of an up that was killed in the middle", async () => {
    const block = status().pods;
    const kubelet = findNodes(NAME, seeProcesses())[1]?.programs.get("kubelet");
    if (!kubelet) throw new Error("no kubelet runs on the second node");
    process.kill(kubelet, "SIGSTOP");
    cluster.must("down");
    expect(tracesOf(NAME, block)).toEqual([]);
    expect(existsSync(folders.state)).toBe(false);

    const half = cluster.start("up", "--nodes", "2");
    await eventually(
      () => findNodes(NAME, seeProcesses()).length,
      (nodes) => nodes > 0,
    );
    process.kill(half.child.pid ?? 0, "SIGKILL");
    await half.ended;
    const { pods } = status();
    cluster.must("down");
    expect(tracesOf(NAME, pods)).toEqual([]);
    expect(existsSync(folders.state)).toBe(false);
    const list = existsSync(MACHINE_FOLDER) ? readdirSync(MACHINE_FOLDER) : [];
    expect(list).not.toContain(`${NAME}.json`);
    expect(readKernel()).toEqual(kernelBefore);
  });

  test("of nothing is no error, and status says that there is none", () => {
    expect(cluster.run(["down"]).status).toBe(0);
    expect(cluster.run(["status"])).toMatchObject({
      status: 1,
      output: expect.stringContaining(`There is no cluster ${NAME}`),
    });
  });
});
