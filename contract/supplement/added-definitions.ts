import type { AddedDefinition } from "../generator/supplement-entry.ts";
import type { Definition, Shape } from "../src/shape.ts";

const partOfAnother = "our own: the documents describe it only as a part of another resource, or in place";

/** Resources that no schema document lists as such. */
export const addedDefinitions: readonly AddedDefinition[] = [
  {
    name: "capability-list",
    variants: ["sdk"],
    source: partOfAnother,
    definition: resource({ fields: { capabilities: { list: "#capability" } } }),
  },
  {
    name: "team-usage",
    variants: ["sdk"],
    source: partOfAnother,
    definition: resource({ fields: { apps: { list: "#usage/app" } } }),
  },
  {
    name: "enterprise-account-member-entry",
    variants: ["sdk"],
    source: partOfAnother,
    definition: resource("#enterprise-account-member/list_item"),
  },
];

function resource(shape: Shape): Definition {
  return { stability: "development", parts: {}, shape, readOnly: [] };
}
