import { expect } from "vitest";
import { pushBlob, pushImage, putManifestAt } from "./registry-fixtures.ts";
import {
  NAME,
  REPOSITORY_BYTES,
  type SpecificationCase,
  type SpecificationWorld,
} from "./specification-case-fixtures.ts";

/** What is said to whoever pushes into a repository that is nearly full. */
async function warned({ registry }: SpecificationWorld): Promise<string> {
  const { bytes } = await pushImage(registry, NAME);
  const before = await putManifestAt(registry, NAME, "v1", bytes);
  expect(before.headers.warning).toBeUndefined();
  for (const filler of ["a", "b", "c"])
    await pushBlob(registry, NAME, filler.repeat(REPOSITORY_BYTES * 0.31));
  return String((await putManifestAt(registry, NAME, "v1", bytes)).headers.warning);
}

/** The section "Warnings". */
export const warningCases: readonly SpecificationCase[] = [
  {
    section: "Warnings",
    level: "MUST",
    says: "a warning has the code 299, the agent -, and no date",
    run: async (world) => {
      expect(await warned(world)).toMatch(/^299 - "[^"]+"$/);
    },
  },
  {
    section: "Warnings",
    level: "MUST",
    says: "all warnings of an answer have at most 4096 bytes",
    run: async (world) => {
      expect(Buffer.byteLength(`Warning: ${await warned(world)}`)).toBeLessThanOrEqual(4_096);
    },
  },
];
