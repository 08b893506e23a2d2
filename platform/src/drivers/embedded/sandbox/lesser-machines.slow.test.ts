import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSandboxWorld } from "./sandbox-fixtures.ts";

const ROOT = process.getuid?.() === 0;

describe("on a machine without", () => {
  test("overlay, each sandbox has a copy", async () => {
    const world = await openSandboxWorld(["overlay"]);
    try {
      const layers = ["top", "bottom"].map((name) => join(world.home, name));
      for (const layer of layers) {
        mkdirSync(join(layer, "workspace"), { recursive: true, mode: 0o777 });
        writeFileSync(join(layer, "workspace/file"), `${layer}\n`);
      }
      const binds = [{ source: layers[0] ?? "", target: "/new/place", writable: false }];
      const { out, code } = await world.run(
        "cat file; cat /etc/hosts | grep -c test-; ls /new/place; echo x >/tmp/x",
        {
          lowerDirs: layers,
          binds,
        },
      );
      expect({ code, out }).toEqual({ code: 0, out: `${layers[0]}\n1\nworkspace\n` });
      expect(readFileSync(join(layers[0] ?? "", "workspace/file"), "utf8")).toBe(`${layers[0]}\n`);
      expect(world.sandboxes.abilities.overlay).toBe(false);
      expect((await world.run("ls /tmp; (: >/etc/x) 2>/dev/null || echo refused")).out).toBe("refused\n");
    } finally {
      await world.close();
    }
  });

  test("cgroups, processes are still limited and memory is still known", async () => {
    const world = await openSandboxWorld(["cgroups"]);
    try {
      const limits = { memoryBytes: 256 * 1024 * 1024, cpuShare: 1, pids: 20 };
      const { out, err } = await world.run("for i in $(seq 40); do sleep 5 & done; echo end; kill -9 -1", {
        limits,
      });
      expect(`${out}${err}`).toMatch(/fork/);
      const sandbox = await world.start("exec sleep 60");
      expect(await sandbox.memoryBytes()).toBeGreaterThan(0);
      expect(await sandbox.ranOutOfMemory()).toBe(false);
      expect(world.sandboxes.abilities).toMatchObject({ cgroup: "none", freezer: false });
      expect((await world.run("nice", { background: true })).out).toBe("10\n");
    } finally {
      await world.close();
    }
  });

  test("cgroups, what takes more memory than it may is ended all the same", async () => {
    const world = await openSandboxWorld(["cgroups"]);
    try {
      const limits = { memoryBytes: 32 * 1024 * 1024, cpuShare: 1, pids: 50 };
      const hog = await world.start("dd if=/dev/zero bs=100M count=1 | sleep 60", { limits });
      expect(await hog.exited).toMatchObject({ code: 137 });
      expect(await hog.ranOutOfMemory()).toBe(true);
      const row = world.sandboxes.abilities.table.find(({ what }) => what === "Memory");
      expect(row).toMatchObject({ state: "sampled", howToGetMore: expect.any(String) });
    } finally {
      await world.close();
    }
  });

  test("a filter, programs make all system calls, and the table says how to get one", async () => {
    const world = await openSandboxWorld(["filter", "ownNetwork"]);
    try {
      const { out } = await world.run("grep -o 'Seccomp:.*' /proc/self/status; unshare --user echo did");
      expect(out).toBe("Seccomp:\t0\ndid\n");
      const { filter, table } = world.sandboxes.abilities;
      expect(filter).toBe(false);
      expect(table.find(({ what }) => what === "System calls")).toMatchObject({
        state: "absent",
        howToGetMore: expect.stringContaining("perl"),
      });
    } finally {
      await world.close();
    }
  });

  test.skipIf(!ROOT)("user namespaces, programs run as an account of nobody's", async () => {
    const world = await openSandboxWorld(["userNamespace"]);
    try {
      const { out } = await world.run(
        "id -u; whoami; grep CapBnd /proc/self/status; (: >/etc/x) 2>/dev/null || echo refused",
      );
      expect(out.replace(/\s+/g, " ")).toBe("96400 dyno CapBnd: 0000000000000000 refused ");
      expect(world.sandboxes.owner).toEqual({ uid: 96_400, gid: 96_400 });
    } finally {
      await world.close();
    }
  });

  test.skipIf(ROOT)(
    "user namespaces and root there is no sandbox, and the error says what to do",
    async () => {
      await expect(openSandboxWorld(["userNamespace"])).rejects.toThrow("Allow user namespaces");
    },
  );
});
