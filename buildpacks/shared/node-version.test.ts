import fc from "fast-check";
import { satisfies } from "semver";
import { describe, expect, it } from "vitest";
import { chooseVersion, nodeRequirement, versionsToOffer } from "./node-version.ts";

const AVAILABLE = [
  ...["18.19.1", "18.20.8", "20.9.0", "20.19.5", "22.1.0", "22.20.0"],
  ...["23.11.1", "24.0.0", "24.9.0", "24.11.1", "25.2.0", "26.0.0-rc.1"],
];

describe("what an app asks for", () => {
  const engines = "engines.node in package.json";
  it.each([
    [{}, { range: "24.x" }],
    [{ engines: "" }, { range: "24.x" }],
    [{ engines: "22.x" }, { range: "22.x", statedIn: engines }],
    [{ engines: " >=20 <23 " }, { range: ">=20 <23", statedIn: engines }],
    [{ engines: "*" }, { range: "*", statedIn: engines }],
    [{ engines: "^20.1 || 22" }, { range: "^20.1 || 22", statedIn: engines }],
    [
      { engines: "22.x", nvmrc: "20" },
      { range: "22.x", statedIn: engines, passedOver: [".nvmrc (20)"] },
    ],
    [
      { engines: "22.x", volta: "22.x", nvmrc: "lts/jod" },
      { range: "22.x", statedIn: engines },
    ],
    [
      { engines: "22.x", volta: "20.1.0" },
      { range: "22.x", statedIn: engines, passedOver: ["volta.node in package.json (20.1.0)"] },
    ],
    [
      { volta: "20.1.0", nvmrc: "22", nodeVersionFile: "24" },
      {
        ...{ range: "20.1.0", statedIn: "volta.node in package.json" },
        passedOver: [".nvmrc (22)", ".node-version (24)"],
      },
    ],
    [{ nvmrc: "20\n" }, { range: "20", statedIn: ".nvmrc" }],
    [{ nvmrc: "v20.9.0\n" }, { range: "v20.9.0", statedIn: ".nvmrc" }],
    [{ nvmrc: "# ours\n\n  22 # jod\n" }, { range: "22", statedIn: ".nvmrc" }],
    [{ nvmrc: "lts/jod" }, { range: "22.x", statedIn: ".nvmrc" }],
    [{ nvmrc: "lts/Iron\r\n" }, { range: "20.x", statedIn: ".nvmrc" }],
    [{ nvmrc: "lts/*" }, { range: "24.x", statedIn: ".nvmrc" }],
    [{ nvmrc: "stable" }, { range: "24.x", statedIn: ".nvmrc" }],
    [{ nvmrc: "node" }, { range: "*", statedIn: ".nvmrc" }],
    [
      { nvmrc: "# nothing\n", nodeVersionFile: "22.1.0" },
      { range: "22.1.0", statedIn: ".node-version" },
    ],
    [{ nodeVersionFile: "node-22.1.0" }, { range: "22.1.0", statedIn: ".node-version" }],
    [
      { nvmrc: "20", nodeVersionFile: "22" },
      { range: "20", statedIn: ".nvmrc", passedOver: [".node-version (22)"] },
    ],
  ])("%o", (stated, requirement) => {
    expect(nodeRequirement(stated)).toEqual({ ok: true, requirement });
  });

  it.each([
    [{ engines: "newest" }, { statedIn: engines, text: "newest" }],
    [{ engines: "22.x.y.z" }, { statedIn: engines, text: "22.x.y.z" }],
    [{ nvmrc: "lts/nobody" }, { statedIn: ".nvmrc", text: "lts/nobody" }],
    [{ nodeVersionFile: "system\n" }, { statedIn: ".node-version", text: "system" }],
  ])("%o is refused", (stated, refusal) => {
    expect(nodeRequirement(stated)).toEqual({ ok: false, ...refusal });
  });
});

describe("the version that is taken", () => {
  it.each([
    ["24.x", "24.11.1"],
    ["*", "24.11.1"],
    [">=18", "24.11.1"],
    [">=18 <23", "22.20.0"],
    ["22", "22.20.0"],
    ["^22.1.0", "22.20.0"],
    ["~22.1.0", "22.1.0"],
    ["22.1.0", "22.1.0"],
    ["v22.1.0", "22.1.0"],
    ["=24.0.0", "24.0.0"],
    [">24.9", "24.11.1"],
    [">=25", "25.2.0"],
    ["18.x || 20.x", "20.19.5"],
    ["18 - 20", "20.19.5"],
  ])("for %s is %s", (range, version) => {
    expect(chooseVersion(range, AVAILABLE)).toBe(version);
  });

  it.each(["21.x", "22.99.0", ">=26", "<18", "26.x"])("for %s is none", (range) => {
    expect(chooseVersion(range, AVAILABLE)).toBeUndefined();
  });

  it("is none where nothing is to be had", () => {
    expect(chooseVersion("*", [])).toBeUndefined();
  });

  it("fits, and no other of its line that fits is newer", () => {
    const part = fc.integer({ min: 0, max: 30 });
    const version = fc.tuple(part, part, part).map((parts) => parts.join("."));
    fc.assert(
      fc.property(fc.array(version), fc.integer({ min: 0, max: 30 }), (available, major) => {
        const chosen = chooseVersion(`${major}.x`, available);
        const fitting = available.filter((one) => satisfies(one, `${major}.x`));
        expect(chosen === undefined ? [] : [chosen]).toEqual(
          fitting.filter((one) => one === chosen).slice(0, 1),
        );
        expect(chosen === undefined).toBe(fitting.length === 0);
        for (const other of fitting) expect(satisfies(other, `>${chosen}`)).toBe(false);
      }),
    );
  });
});

describe("what is offered when nothing fits", () => {
  it.each([
    ["22.99.0", ["22.20.0", "22.1.0"]],
    ["^24.50.0", ["24.11.1", "24.9.0", "24.0.0"]],
    ["21.x", ["25.2.0", "24.11.1", "23.11.1", "22.20.0", "20.19.5", "18.20.8"]],
    ["26.x", ["25.2.0", "24.11.1", "23.11.1", "22.20.0", "20.19.5", "18.20.8"]],
    [">=30", ["25.2.0", "24.11.1", "23.11.1", "22.20.0", "20.19.5", "18.20.8"]],
  ])("for %s", (range, offers) => {
    expect(versionsToOffer(range, AVAILABLE)).toEqual(offers);
  });

  it("is no more than asked", () => {
    expect(versionsToOffer("99", AVAILABLE, 2)).toEqual(["25.2.0", "24.11.1"]);
    expect(versionsToOffer("99", [])).toEqual([]);
  });
});
