import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Builder, BuildResult, BuildSpec } from "./build-ports.ts";
import { collect, listen, never, specOf } from "./builder-suite.ts";

/** A builder that builds Dockerfiles, and how sources of files are stored for it. */
export interface DockerfilesUnderTest {
  readonly builder: Builder;
  /** Files of a base image with a shell, which Dockerfiles call `oci:/build/workspace/base:latest`. */
  readonly base: Readonly<Record<string, Buffer>>;
  addSource(files: Readonly<Record<string, string | Buffer>>): Promise<string>;
  dispose(): Promise<void>;
}

const FROM = "FROM oci:/build/workspace/base:latest";
const YML = `build:
  docker:
    web: Dockerfile
    worker: { dockerfile: Dockerfile, target: small }
  config: { WORDS: "of the plan" }
run:
  web: serve $PORT
  worker: work
`;
const DOCKERFILE = `${FROM} AS small
ARG WORDS
RUN echo "begun as $(id -u) with $WORDS"; mkdir /made && chown 33:33 /made
FROM small
COPY . /app/
RUN ls /app
CMD ["/bin/sh"]
`;
/** Looks for what no step may have. */
const LOOK = "cat /proc/*/environ; ls /conifer /var/run/secrets /build /cnb; cat /proc/self/status; true";

/** What every Builder must do that builds Dockerfiles. */
export function dockerfileSuite(name: string, make: () => Promise<DockerfilesUnderTest>): void {
  describe(`Builder of Dockerfiles: ${name}`, () => {
    let made: DockerfilesUnderTest;
    beforeAll(async () => {
      made = await make();
    });
    afterAll(() => made?.dispose());
    const specWith = async (files: Readonly<Record<string, string>>, more: Partial<BuildSpec> = {}) =>
      specOf(await made.addSource({ ...made.base, ...files }), {
        ...{ stack: "container", timeoutSeconds: 300, env: { SECRET: "config-var" } },
        ...more,
      });
    const build = async (files: Readonly<Record<string, string>>, more: Partial<BuildSpec> = {}) => {
      const { text, results } = await collect(made.builder.build(await specWith(files, more), never()));
      return { text, result: results[0] as BuildResult };
    };

    it("builds images of stages with arguments and .dockerignore, and again from its cache", async () => {
      const appId = specOf("").appId;
      const files = {
        "heroku.yml": YML,
        Dockerfile: DOCKERFILE,
        ".dockerignore": "base\nleft-out\n",
        "left-out": "x",
        "taken-in": "x",
      };
      const first = await build(files, { appId });
      if (first.result.kind !== "succeeded")
        throw new Error(`${first.text}\n${JSON.stringify(first.result)}`);
      expect(first.text).toContain("begun as 0 with of the plan");
      expect(first.text).toContain("taken-in");
      expect(first.text).not.toMatch(/left-out\n/);
      expect(first.result.image.processes).toMatchObject([
        { type: "web", command: ["/bin/sh", "-c", "serve $PORT"] },
        { type: "worker" },
      ]);
      const again = await build(files, { appId });
      expect(again.text).toContain("Using cache");
      expect(again.result).toEqual(first.result);
    });

    it("tells in one sentence what failed", async () => {
      const { result } = await build({ Dockerfile: `${FROM}\nRUN false\n` });
      expect(result).toMatchObject({
        kind: "failed",
        message: "Dockerfile could not be built. The step RUN false failed. The lines above say why.",
      });
    });

    it("gives steps no config var, credential, capability to mount or way to more", async () => {
      const { text, result } = await build({ Dockerfile: `${FROM}\nRUN ${LOOK}\nCMD ["/bin/sh"]\n` });
      expect([result.kind, text]).toEqual(["succeeded", expect.stringContaining("NoNewPrivs:\t1")]);
      // CAP_SYS_PTRACE and CAP_SYS_ADMIN.
      const held = BigInt(`0x${/CapEff:\t([0-9a-f]+)/.exec(text)?.[1] ?? "ff"}`);
      expect(held & ((1n << 19n) | (1n << 21n))).toBe(0n);
      expect(text).not.toMatch(/config-var|password|Bearer|KUBERNETES_/);
    });

    it("shows the operator's certificates to steps that declare where to look, and leaves none in the image", async () => {
      const Dockerfile = `${FROM}\nARG SSL_CERT_FILE\nRUN grep -c "BEGIN CERTIFICATE" $SSL_CERT_FILE\nCMD ["/bin/sh"]\n`;
      const { text, result } = await build({ Dockerfile });
      expect([result.kind, text]).toEqual(["succeeded", expect.stringMatching(/^[1-9]\d*$/m)]);
      const other = await build({
        Dockerfile: `${FROM}\nRUN ls /run/conifer || echo "not here"\nCMD ["/bin/sh"]\n`,
      });
      expect(other.text).toContain("not here");
    });

    it("ends at a cancellation, and at the time limit", async () => {
      const endless = { Dockerfile: `${FROM}\nRUN echo begun; sleep 600\n` };
      const spec = await specWith(endless);
      const listening = listen(made.builder, spec);
      await listening.said("begun\n");
      await made.builder.cancel(spec.id);
      expect(await listening.ended).toEqual({ kind: "cancelled" });
      const { result } = await build(endless, { timeoutSeconds: 25 });
      expect(result).toMatchObject({ kind: "failed", exitCode: 124 });
    });
  });
}
