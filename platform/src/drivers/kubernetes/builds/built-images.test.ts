import { expect, it } from "vitest";
import { digestOf, MEDIA } from "../../../delivery/image/index.ts";
import { encodeBuilt, readBuilt } from "./built-images.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const read = async () => ({ mediaType: MEDIA.manifest, bytes: Buffer.from("{}") });

it("what a build delivers is told by an index, and read as it was", async () => {
  const processes = [
    { type: "web", image: "web", command: "serve" },
    { type: "clock", image: "worker" },
  ];
  const built = new Map([
    ["web", digest("a")],
    ["worker", digest("a")],
  ]);
  const index = await encodeBuilt({ processes }, built, read);
  expect(index).toMatchObject({ mediaType: MEDIA.index, digest: digestOf(index.bytes) });
  expect(readBuilt(index.bytes)).toEqual({ processes, built });
  expect(await encodeBuilt({ processes }, built, read)).toEqual(index);
});

it.each([
  ["of somebody else's", { schemaVersion: 2, manifests: [] }],
  [
    "with something else in it",
    { schemaVersion: 2, manifests: [], annotations: { "dev.conifer.processes": "{}" } },
  ],
])("an index %s is none", (_, index) => {
  expect(() => readBuilt(Buffer.from(JSON.stringify(index)))).toThrow("does not say what runs");
});
