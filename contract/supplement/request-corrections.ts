import type { OperationCorrection } from "../generator/supplement-entry.ts";
import type { Shape } from "../src/shape.ts";

const client = "heroku-cli 11.10.0: fields that the client sends and no schema document lists";
const textOrList: Shape = { anyOf: ["string?", { list: "string" }] };
const older = "published API of earlier years, which clients in use still send";
const nulls = "clients send null for what was not given";

/** A resource given by its id, by its name, or by an object with either. */
const identity: Shape = { anyOf: ["string", { fields: { id: "string", name: "string" } }] };
const identityOrNull: Shape = {
  anyOf: ["string?", { fields: { id: "string", name: "string" } }],
};
const text = "string?";
const flag = "boolean?";

const appFields: Readonly<Record<string, Shape>> = {
  feature_flags: textOrList,
  internal_routing: flag,
  kernel: text,
  locked: flag,
  name: text,
  organization: identityOrNull,
  personal: flag,
  region: identityOrNull,
  space: identityOrNull,
  stack: identityOrNull,
  team: identityOrNull,
};

const reviewAppSettings = ["automatic_review_apps", "destroy_stale_apps", "wait_for_ci"];

/** What requests hold beyond the documents. */
export const requestCorrections: readonly OperationCorrection[] = [
  { key: "POST /apps", request: { set: appFields }, source: `${client}, and by id, name or object` },
  { key: "POST /teams/apps", request: { set: appFields }, source: `${client}, and by id, name or object` },
  {
    key: "PATCH /apps/{app}",
    request: { set: { build_stack: identity, name: "string" } },
    source: "facts on the Platform API: name or id; older clients send an object",
  },
  ...["PATCH /account", "PATCH /users/{account}"].map((key) => ({
    key,
    request: { set: { email: "string", new_password: "string", password: "string" } },
    source: `${older} (change of address and of password)`,
  })),
  {
    key: "PATCH /apps/{app}/acm",
    request: { set: { acm_refresh: "boolean" } },
    source: "README of the schema documents: the link declares no body, the service needs one",
  },
  {
    key: "POST /apps/{app}/builds",
    request: {
      set: {
        source_blob: {
          fields: { checksum: text, url: "string", version: text, version_description: text },
          required: ["url"],
        },
      },
    },
    source: "facts on the Platform API: a build needs the URL of its source",
  },
  {
    key: "POST /apps/{app}/collaborators",
    request: { set: { user: identityOfAccount() } },
    source: "facts on the Platform API: e-mail, id or ~; older clients send an object",
  },
  {
    key: "POST /apps/{app}/domains",
    request: { set: { sni_endpoint: text }, optional: ["sni_endpoint"] },
    source: `${older} send the host name alone`,
  },
  {
    key: "POST /apps/{app}/dynos",
    request: { set: { attach: flag, size: text, time_to_live: "integer?", type: text } },
    source: nulls,
  },
  {
    key: "PATCH /apps/{app}/formation/{formation}",
    request: {
      set: {
        docker_image: text,
        dyno_size: identity,
        quantity: { anyOf: ["integer", "string"] },
        size: text,
      },
    },
    source: `${client} (container:rm sends docker_image null; quantity and size as in a batch)`,
  },
  {
    key: "POST /apps/{app}/log-sessions",
    request: {
      set: { dyno: text, dyno_name: text, lines: "integer?", source: text, tail: flag, type: text },
    },
    source: "README of the schema documents: one variant has dyno, the other dyno_name; clients send either",
  },
  ...releaseRequests(),
  {
    key: "POST /oauth/authorizations",
    request: {
      set: {
        client: text,
        description: text,
        expires_in: { anyOf: ["integer?", { is: "string", pattern: "^[0-9]+$" }] },
        scope: { list: "string" },
      },
      optional: ["scope"],
    },
    source: "heroku-cli 11.10.0: authorizations:create sends expires_in as a text, and scope only when given",
  },
  {
    key: "PATCH /oauth/authorizations/{oauth_authorization}",
    request: { optional: ["client"] },
    source: "heroku-cli 11.10.0: authorizations:update sends client only when given",
  },
  ...addonRequests(),
  ...pipelineRequests(),
  ...spaceRequests(),
  ...["POST /teams/{team}/members", "PUT /teams/{team}/members", "PATCH /teams/{team}/members"].map(
    (key) => ({
      key,
      request: { set: { role: { enum: ["admin", "collaborator", "member", "owner", "viewer"] } } },
      source: "heroku-cli 11.10.0: members:add and members:set offer every role that a team member may have",
    }),
  ),
];

function identityOfAccount(): Shape {
  return { anyOf: ["string", { fields: { email: "string", id: "string" } }] };
}

function releaseRequests(): OperationCorrection[] {
  return [
    {
      key: "POST /apps/{app}/releases",
      operation: 0,
      request: { set: { description: text, oci_image: text, slug: text }, optional: ["slug"] },
      source: "heroku-cli 11.10.0: releases:retry sends slug only for an app that has one",
    },
    {
      key: "POST /apps/{app}/releases",
      operation: 1,
      request: { set: { release: { anyOf: ["string", "integer"] } } },
      source: "facts on the Platform API: a release is named by its id or its version",
    },
  ];
}

function addonRequests(): OperationCorrection[] {
  const option: Shape = { anyOf: ["string", "number", "boolean", { enum: [null] }] };
  const options: Shape = { map: option };
  return [
    {
      key: "POST /apps/{app}/addons",
      request: {
        set: {
          attachment: { fields: { name: text }, null: true },
          config: options,
          confirm: text,
          name: text,
          plan: identity,
        },
      },
      source: `${client} (plan as a text from apps:create, as an object from addons:create)`,
    },
    {
      key: "PATCH /apps/{app}/addons/{add_on}",
      request: { set: { name: text, plan: identity }, optional: ["plan"] },
      source: `${client} (addons:rename sends the name alone)`,
    },
    {
      key: "DELETE /apps/{app}/addons/{add_on}",
      request: { set: { confirm: text, force: flag } },
      source: `${client} (addons:destroy --force)`,
    },
    {
      key: "POST /addon-attachments",
      request: {
        set: {
          addon: identity,
          app: identity,
          confirm: text,
          name: text,
          namespace_config: { map: option, null: true },
        },
      },
      source: `${client} (addons:attach)`,
    },
    {
      key: "POST /actions/addons/resolve",
      request: { set: { addon: "string", addon_service: text, app: text } },
      source: `${nulls}, and what is looked for may be a name, an id, a config var or app::name`,
    },
    {
      key: "POST /actions/addon-attachments/resolve",
      request: { set: { addon_attachment: "string", addon_service: text, app: text } },
      source: `${nulls}, and what is looked for may be a name, an id, a config var or app::name`,
    },
  ];
}

function pipelineRequests(): OperationCorrection[] {
  return [
    {
      key: "POST /pipelines",
      request: { set: { generation: identityOrNull } },
      source: `${client} (pipelines:create sends the generation of the app)`,
    },
    {
      key: "DELETE /pipelines/{pipeline}",
      change: { request: "object" },
      source: `${client} (pipelines:destroy sends the pipeline as it was read)`,
    },
    {
      key: "PATCH /pipelines/{pipeline}/review-app-config",
      request: { set: { pipeline: text, repo: text } },
      source: `${client} (reviewapps:enable)`,
    },
    {
      key: "POST /pipelines/{pipeline}/review-app-config",
      request: { set: { pipeline: text } },
      source: `${client} (reviewapps:enable)`,
    },
    {
      key: "DELETE /pipelines/{pipeline}/review-app-config",
      request: {
        set: {
          ...Object.fromEntries(reviewAppSettings.map((name) => [name, flag])),
          pipeline: text,
          repo: text,
        },
      },
      source: `${client} (reviewapps:disable)`,
    },
    {
      key: "POST /app-setups",
      request: {
        set: {
          app: {
            fields: {
              locked: flag,
              name: text,
              organization: text,
              personal: flag,
              region: text,
              space: text,
              stack: text,
            },
          },
          pipeline_coupling: { fields: { pipeline: "string", stage: "#pipeline-coupling/stage" } },
        },
      },
      source: `${client} (pipelines:setup); names are checked where they are used`,
    },
    {
      key: "POST /test-runs",
      request: { set: { clear_cache: flag, organization: text } },
      source: `${client} (ci:rerun)`,
    },
  ];
}

function spaceRequests(): OperationCorrection[] {
  return [
    {
      key: "POST /spaces",
      request: { set: { kpi_url: text, log_drain_url: text, shield: flag } },
      source: `${client} (spaces:create)`,
    },
    {
      key: "PUT /spaces/{space}/inbound-ruleset",
      request: {
        set: {
          applied: flag,
          created_at: "string",
          created_by: "string",
          id: "string",
          space: { fields: { id: "string", name: "string" } },
        },
      },
      source: `${client} (spaces:trusted-ips:add sends the whole ruleset back)`,
    },
  ];
}
