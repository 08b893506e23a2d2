import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSandboxWorld, type SandboxWorld } from "./sandbox-fixtures.ts";

let world: SandboxWorld;
beforeAll(async () => {
  world = await openSandboxWorld();
});
afterAll(() => world.close());

const lines = (text: string) => text.trim().split("\n");

describe("what a sandboxed program sees", () => {
  test("the programs of this machine, and nothing else of it", async () => {
    const { out } = await world.run("ls /; ls -A /home /root /opt /var /run /usr/local /mnt 2>&1; ls /etc");
    for (const name of ["usr", "bin", "etc", "proc", "dev", "tmp", "workspace"])
      expect(lines(out)).toContain(name);
    for (const name of ["root", "boot", "media", "srv"]) expect(lines(out)).not.toContain(name);
    expect(out).toContain("/home:\ndyno\n");
    expect(out).toContain("/usr/local:\n\n");
    expect(out).not.toContain("shadow");
    expect(out).not.toContain("ssh");
  });

  test("not Conifer's own folder, by any path", async () => {
    writeFileSync(join(world.home, "secret"), "x");
    const { code, out } = await world.run(`cat ${world.home}/secret /proc/1/root${world.home}/secret /mnt/*`);
    expect({ code, out }).toEqual({ code: 1, out: "" });
  });

  test("a read-only base", async () => {
    const { out } = await world.run(
      "for f in /usr/x /usr/bin/x /bin/x /etc/x /x /dev/x; do (: >$f) 2>/dev/null && echo wrote $f; done; echo end",
    );
    expect(out).toBe("end\n");
  });

  test("writable folders of its own, which are gone with it, while its layers stay as they were", async () => {
    const write = "echo x >/tmp/x && echo x >~/x && echo x >/var/tmp/x && echo x >/dev/shm/x && cat /tmp/x";
    expect(await world.run(write)).toMatchObject({ code: 0, out: "x\n" });
    expect((await world.run("cat /tmp/x ~/x /var/tmp/x /dev/shm/x")).code).toBe(1);
    expect(existsSync(join(world.home, "layer/tmp"))).toBe(false);
  });

  test("may change what its layers give to its user, in a copy of its own", async () => {
    const layer = join(world.home, "owned");
    mkdirSync(join(layer, "workspace"), { recursive: true });
    writeFileSync(join(layer, "workspace/file"), "from the layer\n");
    const { owner } = world.sandboxes;
    for (const path of ["workspace", "workspace/file"])
      if (owner) chownSync(join(layer, path), owner.uid, owner.gid);
    const change = { lowerDirs: [layer] };
    const { out } = await world.run(
      "echo changed >>file; rm -f gone; cat file; ls -ln file | cut -d' ' -f3",
      change,
    );
    expect(out).toBe("from the layer\nchanged\n1000\n");
    expect(readFileSync(join(layer, "workspace/file"), "utf8")).toBe("from the layer\n");
  });

  test("upper layers hide lower ones, also when there are very many", async () => {
    const layers = Array.from({ length: 60 }, (_, n) => {
      const layer = join(world.home, `many-${String(n).padStart(60, "0")}`);
      mkdirSync(join(layer, "workspace"), { recursive: true });
      writeFileSync(join(layer, "workspace/top"), `${n}\n`);
      writeFileSync(join(layer, `workspace/only-${n}`), "");
      return layer;
    });
    const { out } = await world.run("cat top; ls | grep -c only", { lowerDirs: layers });
    expect(out).toBe("0\n60\n");
  });

  test("the certificates at every usual path, names, and no time zone but UTC", async () => {
    const { out } = await world.run(
      "wc -c </etc/ssl/cert.pem; wc -c </etc/ssl/certs/ca-certificates.crt; wc -c </etc/pki/tls/certs/ca-bundle.crt; " +
        "date +%Z; getent passwd dyno; getent hosts localhost >/dev/null && echo resolves; awk 'BEGIN { print 1 }'",
    );
    const [one, two, three, zone, passwd, ...rest] = lines(out);
    expect([two, three]).toEqual([one, one]);
    expect(zone).toBe("UTC");
    expect(passwd).toMatch(/^dyno:x:1000:1000:dyno:\/home\/dyno:/);
    expect(rest).toEqual(["resolves", "1"]);
  });

  const jdk = readdirSync("/etc").find((name) => /^java-\d+-openjdk$/.test(name));
  test.skipIf(jdk === undefined)("a JDK of Debian with the settings it has in /etc", async () => {
    const { code, out } = await world.run(
      `cd /usr/lib/jvm/*${jdk?.replace("openjdk", "openjdk-*")} && bin/java -XshowSettings:properties -version 2>&1 && cat conf/security/java.security | wc -l`,
    );
    expect(code).toBe(0);
    expect(out).toContain("java.home = /usr/lib/jvm/");
    expect(Number(lines(out).at(-1))).toBeGreaterThan(100);
  });

  test("devices, and its standard streams by name, which can be opened again", async () => {
    const { code, out, err } = await world.run(
      "echo out >/dev/stdout; echo err >/dev/stderr; head -c4 /dev/urandom | wc -c; echo x >/dev/null; ls /dev/fd/ >/dev/null",
    );
    expect({ code, out, err }).toEqual({ code: 0, out: "out\n4\n", err: "err\n" });
  });

  test("binds where they are wanted, writable only when asked", async () => {
    const { owner } = world.sandboxes;
    for (const name of ["cache", "given"]) mkdirSync(join(world.home, name));
    if (owner) chownSync(join(world.home, "cache"), owner.uid, owner.gid);
    writeFileSync(join(world.home, "given/file"), "given\n");
    const binds = [
      { source: join(world.home, "cache"), target: "/workspace/deep/cache", writable: true },
      { source: join(world.home, "given"), target: "/given", writable: false },
      { source: join(world.home, "given/file"), target: "/one/file", writable: false },
    ];
    const { out } = await world.run(
      "echo kept >deep/cache/x; cat /given/file /one/file; (: >/given/x) 2>/dev/null || echo refused",
      { binds },
    );
    expect(out).toBe("given\ngiven\nrefused\n");
    expect(readFileSync(join(world.home, "cache/x"), "utf8")).toBe("kept\n");
  });
});

describe("what a sandboxed program is", () => {
  test("nobody: no capability, none to be gained, no group, another user on this machine", async () => {
    const { out } = await world.run(
      "id -u; id -g; id -G; grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status | grep -v Seccomp; echo \"$(cat /proc/self/uid_map)\"",
    );
    const [uid, gid, groups, ...rest] = lines(out).map((line) => line.replace(/\s+/g, " ").trim());
    expect([uid, gid, groups]).toEqual(["1000", "1000", "1000"]);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
      expect(rest).toContain(`${set}: 0000000000000000`);
    expect(rest).toContain("NoNewPrivs: 1");
  });

  test("cannot undo its view", async () => {
    const { out } = await world.run(
      "for c in 'mount -t tmpfs x /tmp' 'umount /usr' 'umount /proc' 'mount -o remount,rw /usr' 'chroot /' 'hostname x'; do " +
        "$c >/dev/null 2>&1 && echo did $c; done; echo end",
    );
    expect(out).toBe("end\n");
  });

  test("finds the kernel's own files read-only, and empty where they tell of others", async () => {
    const { out } = await world.run(
      "wc -c </proc/interrupts; wc -c </proc/keys; for f in kernel/ns_last_pid vm/overcommit_memory; do " +
        "(: >>/proc/sys/$f) 2>/dev/null && echo wrote $f; done; cat /proc/sys/kernel/ostype; ls /sys",
    );
    expect(out).toBe("0\n0\nLinux\n");
  });

  test("can make those system calls only that apps need, where they are filtered", async () => {
    const { out } = await world.run(
      "grep -o 'Seccomp:.2' /proc/self/status; unshare --user true && echo did",
    );
    expect(out).toBe(world.sandboxes.abilities.filter ? "Seccomp:\t2\n" : "did\n");
  });

  test("sees its own processes only, and is not the first of them", async () => {
    const { out } = await world.run("echo $$; ls /proc | grep -c '^[0-9]'; cat /proc/1/comm; hostname", {
      id: "named-7",
    });
    const [pid, count, first, hostname] = lines(out);
    expect(Number(pid)).toBeGreaterThan(1);
    expect(Number(count)).toBeLessThan(8);
    expect([first, hostname]).toEqual(["sh", "named-7"]);
  });

  test("has just the environment it was given, in the folder it was given", async () => {
    const env = {
      PATH: "/usr/bin:/bin",
      "no-name": "x",
      LD_LIBRARY_PATH: "/nowhere",
      QUOTED: "it's\n$HOME `id`",
    };
    const { out } = await world.run("pwd; env | sort | grep -v -E '^(PWD|OLDPWD|SHLVL|_)='", {
      env,
      cwd: "/tmp",
    });
    expect(out).toBe(
      "/tmp\n" +
        "$HOME `id`\nLD_LIBRARY_PATH=/nowhere\nPATH=/usr/bin:/bin\nQUOTED=it's\n"
          .split("\n")
          .sort()
          .join("\n")
          .trim() +
        "\n",
    );
  });

  test("variables of the program do not act on what builds the sandbox", async () => {
    const env = {
      PATH: "/nowhere",
      LD_PRELOAD: "/nowhere.so",
      IFS: "/",
      ENV: "/nowhere",
      CONIFER_NETWORK: "exit 9",
    };
    const { code, out } = await world.run("", { env, argv: ["/usr/bin/printenv", "IFS", "PATH"] });
    expect({ code, out }).toEqual({ code: 0, out: "/\n/nowhere\n" });
  });

  test.each([
    ["its own status", "exit 7", 7],
    ["128 and the signal's number", "kill -9 $$", 137],
    ["127 when there is no such program", "", 127],
  ])("ends with %s", async (_what, line, code) => {
    const change = line === "" ? { argv: ["/no/such/program"] as [string] } : {};
    expect((await world.run(line, change)).code).toBe(code);
  });

  test("a folder that is not there is told", async () => {
    const { code, err } = await world.run("true", { cwd: "/nowhere" });
    expect(code).toBe(126);
    expect(err).toContain("/nowhere");
  });
});
