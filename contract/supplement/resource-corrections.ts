import type { ResourceCorrection } from "../generator/supplement-entry.ts";

const wholeAnswer = "our own: every answer is a resource with a name, not a part of one";

export const resourceCorrections: readonly ResourceCorrection[] = [
  { resource: "app-webhook", shape: "#app-webhook/app_webhook", source: wholeAnswer },
  { resource: "add-on-webhook", shape: "#add-on-webhook/addon_webhook", source: wholeAnswer },
  {
    resource: "config-var",
    shape: { map: "string" },
    source: "the answer maps names to values; the values of a map that is read are never null",
  },
  {
    resource: "pipeline-config-var",
    shape: { map: "string" },
    source: "the answer maps names to values; the values of a map that is read are never null",
  },
];
