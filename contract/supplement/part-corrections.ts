import type { PartCorrection } from "../generator/supplement-entry.ts";

const ourHost = "our own: the pattern holds Heroku's host name, and ours is the operator's";

/** Other shapes for named parts, wherever they are used. */
export const partCorrections: readonly PartCorrection[] = [
  { part: "#app/git_url", shape: "string", source: ourHost },
  { part: "#app/web_url", shape: "uri?", source: ourHost },
  {
    part: "#region/provider",
    shape: { fields: { name: "string", region: "string" } },
    source: "our own: the list holds the regions of one provider, and ours are the operator's",
  },
  {
    part: "#domain/hostname",
    shape: "string",
    source:
      "facts on the Platform API: a host name; the documents call its format a URI, which no host name is",
  },
  {
    part: "#space/cidr",
    shape: { is: "string", pattern: "^(?:10|172\\.(?:1[6-9]|2[0-9]|3[01])|192\\.168)[0-9.]+/16$" },
    source: "our own: the same networks, in a pattern that takes no long time over a long text",
  },
  {
    part: "#release/artifact",
    shape: { fields: { id: "uuid", type: "string" } },
    source: "the documents allow an id of two kinds, both of them UUIDs",
  },
  {
    part: "#oci-image/commit",
    shape: "string?",
    source: "our own: a build from a tarball without a version has no commit",
  },
  {
    part: "#oci-image/commit_description",
    shape: "string?",
    source: "our own: a build from a tarball without a version has no commit",
  },
  {
    part: "#telemetry-drain/exporter_type",
    shape: { enum: ["otlp", "otlphttp", "splunk"] },
    source: "heroku-cli 11.10.0: telemetry:add --transport splunk",
  },
  {
    part: "#formation/update",
    shape: {
      fields: {
        docker_image: "string?",
        dyno_size: { anyOf: ["string", { fields: { id: "string", name: "string" } }] },
        quantity: { anyOf: ["integer", "string"] },
        size: "string?",
        type: "#formation/type",
      },
      required: ["type"],
    },
    source:
      'heroku-cli 11.10.0: ps:scale sends quantity as a text, also relative ("+1"), and size as a text; container:release sends docker_image; Go clients send dyno_size as an object',
  },
  {
    part: "#dyno/env",
    shape: { map: { anyOf: ["string", "number", { enum: [null] }] }, keys: "^\\w+$" },
    source: "heroku-cli 11.10.0: run sends COLUMNS and LINES as numbers",
  },
];
