import { describe, expect, test } from "vitest";
import { containerInfo, readContainerPart } from "./container-image.ts";
import { imageForCommand } from "./image.ts";
import { digestOf, MEDIA, makeManifest, type OciConfig } from "./oci-documents.ts";

const DIGEST = digestOf("image");
const descriptor = (size: number) => ({ mediaType: MEDIA.layer, digest: digestOf(`${size}`), size });

function documents(config: unknown, platform: Partial<OciConfig> = {}, layers = 1) {
  const manifest = makeManifest(
    descriptor(10),
    Array.from({ length: layers }, () => descriptor(100)),
  );
  const diffs = { type: "layers", diff_ids: [] } as const;
  return {
    manifest,
    config: { architecture: "amd64", os: "linux", rootfs: diffs, ...platform, config } as OciConfig,
  };
}

const partOf = (config: unknown, type = "web", command?: string) =>
  readContainerPart({ type, digest: DIGEST, ...(command ? { command } : {}) }, documents(config));
const sh = (line: string) => ["/bin/sh", "-c", line];

const BRACES = [":$", "PORT}"].join("{");

describe("what a container image runs", () => {
  const cases: readonly [string, object, readonly string[]][] = [
    ["a CMD in shell form", { Cmd: sh("node server.js --port $PORT") }, sh("node server.js --port $PORT")],
    ["a CMD in exec form, without a shell", { Cmd: ["/server", "--fast"] }, ["/server", "--fast"]],
    ["a CMD that names a variable", { Cmd: ["/server", "-p", "$PORT"] }, sh('exec "/server" "-p" "$PORT"')],
    ["the same in braces", { Cmd: ["gunicorn", "-b", BRACES] }, sh(`exec "gunicorn" "-b" "${BRACES}"`)],
    [
      "other signs of a shell mean themselves",
      { Cmd: ["a", '$5 "`\\', "$A"] },
      sh('exec "a" "\\$5 \\"\\`\\\\" "$A"'),
    ],
    ["an ENTRYPOINT alone", { Entrypoint: ["/init"] }, ["/init"]],
    ["both", { Entrypoint: ["/init", "-v"], Cmd: ["serve", "$PORT"] }, ["/init", "-v", "serve", "$PORT"]],
    ["another shell", { Cmd: ["/bin/bash", "-lc", "x $PORT"] }, ["/bin/bash", "-lc", "x $PORT"]],
  ];
  test.each(cases)("is %s", (_, config, argv) => {
    expect(partOf(config).process).toMatchObject({
      command: argv,
      args: [],
      direct: true,
      container: { image: DIGEST, sizeBytes: 110 },
    });
  });

  test("is a line of the app's own in place of its CMD, given to its ENTRYPOINT", () => {
    expect(partOf({ Cmd: ["x"] }, "worker", "rake jobs").process.command).toEqual(sh("rake jobs"));
    const config = { Entrypoint: ["/init"], Cmd: ["x"] };
    expect(partOf(config, "worker", "rake jobs").process.command).toEqual(["/init", ...sh("rake jobs")]);
  });

  const refused: readonly [string, unknown, RegExp][] = [
    ["neither", {}, /image of web does not say what to run\. Add a CMD/],
    ["empty lists", { Entrypoint: [], Cmd: [] }, /does not say what to run/],
    ["an empty program", { Cmd: [""] }, /does not say what to run/],
    ["no list", { Cmd: "node" }, /CMD .* is not a list of texts/],
    ["other things than texts", { Entrypoint: [1] }, /ENTRYPOINT .* is not a list of texts/],
    ["a NUL", { Cmd: ["a\0b"] }, /is not a list of texts/],
    ["a book", { Cmd: ["a".repeat(200_000)] }, /longer than 128 KiB/],
  ];
  test.each(refused)("cannot be told by %s", (_, config, message) => {
    expect(() => partOf(config)).toThrow(message);
  });

  test("is for a machine there is, and has files", () => {
    const choice = { type: "web", digest: DIGEST };
    const of = (platform: Partial<OciConfig>, layers?: number) =>
      readContainerPart(choice, documents({ Cmd: ["/a"] }, platform, layers));
    expect(of({ architecture: "arm64" }).architecture).toBe("arm64");
    expect(() => of({ architecture: "s390x" })).toThrow("for linux/s390x. Build it with --platform");
    expect(() => of({ os: "windows" })).toThrow("for windows/amd64");
    expect(() => of({}, 0)).toThrow("has no files");
  });
});

describe("whom a container image runs as", () => {
  const cases: readonly [string | undefined, object | undefined][] = [
    [undefined, undefined],
    ["", undefined],
    ["0", undefined],
    ["0:0", undefined],
    ["root", undefined],
    ["node", undefined],
    ["1001", { uid: 1001, gid: 1001 }],
    ["1001:0", { uid: 1001, gid: 1001 }],
    ["1001:500", { uid: 1001, gid: 500 }],
    ["-1", undefined],
    ["4294967296", undefined],
  ];
  test.each(cases)("USER %s", (user, ids) => {
    expect(partOf({ Cmd: ["/a"], User: user }).process.container?.user).toEqual(ids);
  });
});

describe("an app of container images", () => {
  const web = partOf({ Cmd: ["/web"], WorkingDir: "/srv" });
  const other = { ...partOf({ Cmd: ["/worker"] }, "worker"), architecture: "arm64" } as const;
  const worker = { ...other, architecture: "amd64" } as const;

  test("shows each process type, and all of their sizes", () => {
    const info = containerInfo([worker, web]);
    expect(info).toMatchObject({ digest: DIGEST, architecture: "amd64", sizeBytes: 220, buildpacks: [] });
    expect(info.processes.map(({ type, workingDir }) => [type, workingDir])).toEqual([
      ["worker", undefined],
      ["web", "/srv"],
    ]);
  });

  test("is for one architecture", () => {
    expect(() => containerInfo([web, other])).toThrow(
      "image of web is for amd64, and that of worker for arm64",
    );
    expect(() => containerInfo([])).toThrow("at least one process type");
  });

  test("runs somebody's command in the image of its type, else of web, else of the first", () => {
    const info = containerInfo([worker, web]);
    const typeFor = (type: string) => imageForCommand(info, type)?.type;
    expect([typeFor("worker"), typeFor("run")]).toEqual(["worker", "web"]);
    expect(imageForCommand(containerInfo([worker]), "run")?.type).toBe("worker");
    const { container: _, ...built } = web.process;
    expect(imageForCommand({ processes: [built] }, "web")).toBeUndefined();
  });
});
