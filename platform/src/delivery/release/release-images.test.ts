import { describe, expect, test } from "vitest";
import type { ContainerPart } from "../image/index.ts";
import { changeParts, describeImages } from "./release-images.ts";

const part = (type: string, digit = "a"): ContainerPart => ({
  architecture: "amd64",
  process: {
    ...{ type, command: ["/run"], args: [], direct: true, default: type === "web" },
    container: { image: `sha256:${digit.repeat(64)}`, sizeBytes: 1 },
  },
});
const shown = (parts: readonly ContainerPart[]) =>
  parts.map(({ process }) => `${process.type} ${process.container?.image[7]}`);

describe("the process types after a release of images", () => {
  const cases: readonly [string, ContainerPart[], ContainerPart[], string[], string[]][] = [
    ["the first ones", [], [part("worker"), part("web")], [], ["web a", "worker a"]],
    ["one that changes", [part("web"), part("worker")], [part("web", "b")], [], ["web b", "worker a"]],
    ["one more", [part("web")], [part("clock", "c")], [], ["clock c", "web a"]],
    ["one less", [part("web"), part("worker")], [], ["worker"], ["web a"]],
    ["one for another", [part("web")], [part("api")], ["web"], ["api a"]],
    ["the same twice", [], [part("web"), part("web", "b")], [], ["web b"]],
  ];
  test.each(cases)("%s", (_, before, changed, removed, after) => {
    expect(shown(changeParts(before, changed, removed))).toEqual(after);
  });

  test("the last one stays, and one that is not there is not removed", () => {
    expect(() => changeParts([part("web")], [], ["web"])).toThrow("scale it to 0");
    expect(() => changeParts([part("web")], [], ["clock"])).toThrow(
      "No image of clock is released. There is: web.",
    );
    expect(() => changeParts([], [], ["web"])).toThrow("There is: none.");
  });

  test("are told by the beginnings of their images' digests", () => {
    expect(describeImages([part("web"), part("worker", "b")], [])).toBe(
      "Deployed web (aaaaaaaaaaaa), worker (bbbbbbbbbbbb)",
    );
    expect(describeImages([part("web")], ["clock"])).toBe("Deployed web (aaaaaaaaaaaa). Removed clock");
    expect(describeImages([], ["worker"])).toBe("Removed worker");
  });
});
