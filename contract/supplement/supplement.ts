import type { Supplement } from "../generator/supplement-entry.ts";
import { addedDefinitions } from "./added-definitions.ts";
import { addedEndpoints } from "./added-endpoints.ts";
import { operationCorrections } from "./operation-corrections.ts";
import { parameterCorrections } from "./parameter-corrections.ts";
import { partCorrections } from "./part-corrections.ts";
import { requestCorrections } from "./request-corrections.ts";
import { resourceCorrections } from "./resource-corrections.ts";

/** All that is known beyond the schema documents, each entry with its source. */
export const supplement: Supplement = {
  addedDefinitions,
  addedEndpoints,
  operations: [...operationCorrections, ...requestCorrections],
  parameters: parameterCorrections,
  parts: partCorrections,
  resources: resourceCorrections,
};
