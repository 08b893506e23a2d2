import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { makeOrder } from "./buildpack-order.ts";
import type { ProjectDescriptor } from "./project-descriptor.ts";

const AVAILABLE = [
  { id: "conifer/nodejs", version: "0.1.0" },
  { id: "conifer/procfile", version: "0.1.0" },
  { id: "acme/tool", version: "1.0.0" },
  { id: "acme/tool", version: "2.0.0" },
];
const OWN = '[[order]]\n[[order.group]]\nid = "conifer/nodejs"\nversion = "0.1.0"\noptional = true\n';
const wanted = (id: string, version = "") => ({ id, version });
const order = (descriptor: Partial<ProjectDescriptor>) =>
  parse(makeOrder(OWN, AVAILABLE, { before: [], after: [], env: {}, ...descriptor }));

describe("the order of one build", () => {
  it("is the platform's own when the source says nothing", () => {
    expect(makeOrder(OWN, AVAILABLE, { before: [], after: [], env: {} })).toBe(OWN);
  });

  it("is the group the source lists, by our names or Heroku's", () => {
    const group = [
      wanted("heroku/nodejs", "3.0.0"),
      wanted("conifer/procfile"),
      wanted("acme/tool", "2.0.0"),
    ];
    expect(order({ group })).toEqual({
      order: [
        {
          group: [
            { id: "conifer/nodejs", version: "0.1.0" },
            { id: "conifer/procfile", version: "0.1.0" },
            { id: "acme/tool", version: "2.0.0" },
          ],
        },
      ],
    });
  });

  it("has the buildpacks the source wants before and after", () => {
    expect(order({ before: [wanted("acme/tool")], after: [wanted("heroku/procfile")] })).toEqual({
      order: [
        {
          group: [
            { id: "acme/tool", version: "1.0.0" },
            { id: "conifer/nodejs", version: "0.1.0", optional: true },
            { id: "conifer/procfile", version: "0.1.0" },
          ],
        },
      ],
    });
  });

  it("keeps a builder's extensions, for its lifecycle to say that it does not run them", () => {
    const extended = `${OWN}[[order-extensions]]\n[[order-extensions.group]]\nid = "acme/e"\nversion = "1.0.0"\n`;
    const descriptor = { before: [wanted("acme/tool")], after: [], env: {} };
    expect(parse(makeOrder(extended, AVAILABLE, descriptor))).toMatchObject({
      "order-extensions": [{ group: [{ id: "acme/e" }] }],
      order: [{ group: [{ id: "acme/tool" }, { id: "conifer/nodejs" }] }],
    });
  });

  it("has the buildpacks that the source brings at their places", () => {
    const own = { kind: "folder", path: "packs/mine", name: "mine" } as const;
    const placed = new Map([[own, { id: "me/mine", version: "3.0.0" }]]);
    const descriptor = { before: [], after: [], env: {}, group: [wanted("conifer/nodejs"), own] };
    expect(parse(makeOrder(OWN, AVAILABLE, descriptor, placed))).toEqual({
      order: [
        {
          group: [
            { id: "conifer/nodejs", version: "0.1.0" },
            { id: "me/mine", version: "3.0.0" },
          ],
        },
      ],
    });
  });

  const refused: readonly [string, string, RegExp][] = [
    [
      "heroku/cobol",
      "",
      /the buildpack heroku\/cobol, which is not there\. There are: acme\/tool, conifer\/nodejs/,
    ],
    ["acme/tool", "9.0.0", /version 9\.0\.0 of the buildpack acme\/tool/],
    ["nodejs", "", /the buildpack nodejs/],
  ];
  it.each(refused)("cannot have %s %s", (id, version, message) => {
    expect(() => order({ group: [wanted(id, version)] })).toThrow(message);
  });
});
