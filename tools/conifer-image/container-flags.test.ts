import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { makeRuncConfig, readFlags } from "./container-flags-fixtures.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(REPOSITORY, path), "utf8");
const image = {
  ...{ architecture: "amd64", os: "linux", rootfs: { type: "layers" as const, diff_ids: [] } },
  config: { User: "1000:1000", Entrypoint: ["/begin"], Env: ["A=b"], WorkingDir: "/conifer" },
};
const site = { rootfs: "/r", volume: "/v", network: "/n", group: "g", files: "/f" };
// biome-ignore lint/suspicious/noExplicitAny: a document of another's form
const configOf = (flags: string): any => makeRuncConfig(image, readFlags(flags), site);

describe("the rights of a container", () => {
  it("are few without flags: no capability for the image's account, a filter, and a covered /proc", () => {
    const { process, linux } = configOf("");
    expect(process).toMatchObject({ user: { uid: 1000, gid: 1000 }, args: ["/begin"] });
    expect(process.capabilities.effective).toEqual([]);
    expect(linux.maskedPaths).toContain("/proc/kcore");
    expect(linux.seccomp.syscalls[0].names).toEqual(expect.arrayContaining(["unshare", "pivot_root"]));
  });

  it("are what flags add", () => {
    const { process, linux } = configOf("--user 0:0 --cap-add SYS_ADMIN --sysctl net.ipv4.ip_forward=1");
    expect(process.capabilities.effective).toContain("CAP_SYS_ADMIN");
    expect(linux.seccomp.syscalls[0].names).toEqual(expect.not.arrayContaining(["unshare"]));
    expect(linux.sysctl).toMatchObject({ "net.ipv4.ip_forward": "1" });
    expect(configOf("--privileged").linux).toMatchObject({ maskedPaths: [], readonlyPaths: [] });
    expect(configOf("--privileged").linux).not.toHaveProperty("seccomp");
  });

  it.each(["--gpus all", "--security-opt label=disable"])("are not known for %s", (flags) =>
    expect(() => readFlags(flags)).toThrow("is not among"),
  );
});

describe("what starts a container", () => {
  const guide = read("docs/guides/run-on-a-server.md");
  const command = /^docker run [^`]*?conifer\/machine:<version>$/m.exec(guide)?.[0] ?? "";
  const valuesOf = (flag: string) =>
    [...command.matchAll(new RegExp(`${flag} (\\S+)`, "g"))].map(([, value]) => value);
  const { services } = parse(read("deploy/container/compose.yaml")) as {
    services: { conifer: Record<string, never> };
  };

  it("is the same typed and as a file for compose", () => {
    expect(valuesOf("--security-opt")).toEqual(services.conifer.security_opt);
    expect(valuesOf("--publish")).toEqual(services.conifer.ports);
    expect(valuesOf("--volume")).toEqual(services.conifer.volumes);
    expect(valuesOf("--stop-timeout").map((time) => `${time}s`)).toEqual([
      services.conifer.stop_grace_period,
    ]);
    expect(valuesOf("--env").map((pair) => pair?.split("=")[0])).toEqual(
      Object.keys(services.conifer.environment ?? {}),
    );
  });

  it("gives what the guide says is the least", () => {
    const least = /\| `(--security-opt [^`]*)` \| account, no cgroups \|/.exec(guide)?.[1] ?? "";
    const given = readFlags(
      valuesOf("--security-opt")
        .map((one) => `--security-opt ${one}`)
        .join(" "),
    );
    expect(given).toEqual(readFlags(least));
    expect(given).toMatchObject({ unfiltered: true, unmasked: true, capabilities: [] });
  });
});
