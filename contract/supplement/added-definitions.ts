import type { AddedDefinition } from "../generator/supplement-entry.ts";
import type { Definition, Shape } from "../src/shape.ts";

const partOfAnother = "our own: the documents describe it only as a part of another resource, or in place";
const ours = "our own, beyond what clients know";
const client = "heroku-cli 11.10.0: fields that the client reads from the answer";

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
  {
    name: "oauth-session",
    source: `${client} (sessions, sessions:destroy, auth:logout)`,
    definition: {
      stability: "production",
      parts: {
        id: "uuid",
        identity: { anyOf: ["#oauth-session/id", "#oauth-session/self"] },
        self: { enum: ["~"] },
      },
      shape: {
        fields: {
          created_at: "date-time",
          description: "string",
          expires_in: "integer?",
          id: "#oauth-session/id",
          updated_at: "date-time",
        },
      },
      readOnly: ["id", "self"],
    },
  },
  {
    name: "account-quota",
    source: `${client} (ps, for apps of the eco tier)`,
    definition: resource({
      fields: {
        account_quota: "integer",
        apps: { list: { fields: { app_uuid: "uuid", quota_used: "integer" } } },
        id: "string",
        quota_used: "integer",
      },
      required: ["account_quota", "apps", "quota_used"],
    }),
  },
  {
    name: "pre-authorization",
    source: "heroku-cli 11.10.0: sends no body and reads nothing; the fields are our own",
    definition: resource({
      fields: { app: { fields: { id: "#app/id", name: "#app/name" } }, expires_at: "date-time" },
    }),
  },
  {
    name: "space-dynos",
    source: `${client} (spaces:ps)`,
    definition: resource({
      fields: { app_id: "#app/id", app_name: "#app/name", dynos: { list: "#dyno" } },
      required: ["app_name", "dynos"],
    }),
  },
  {
    name: "pipeline-repository",
    source: `${client} (reviewapps:enable, reviewapps:disable)`,
    definition: resource({ fields: { full_name: "string" } }),
  },
  {
    name: "repository-branch",
    source: "heroku-cli 11.10.0: reads only the status (reviewapps:create); the fields are our own",
    definition: {
      stability: "development",
      parts: { name: "string" },
      shape: { fields: { name: "#repository-branch/name" } },
      readOnly: ["name"],
    },
  },
  {
    name: "pipeline-webhook",
    source: `${client} (webhooks --pipeline)`,
    definition: resource({
      fields: {
        created_at: "#app-webhook/created_at",
        id: "#app-webhook/id",
        include: "#app-webhook/include",
        level: "#app-webhook/level",
        pipeline: { fields: { id: "#pipeline/id" } },
        updated_at: "#app-webhook/updated_at",
        url: "#app-webhook/url",
      },
    }),
  },
  ...trustDefinitions(),
];

function resource(shape: Shape): Definition {
  return { stability: "development", parts: {}, shape, readOnly: [] };
}

/** What is said of images. */
function trustDefinitions(): AddedDefinition[] {
  return [
    {
      name: "attestation",
      source: ours,
      definition: {
        stability: "development",
        parts: {
          digest: "string",
          identity: { anyOf: ["#attestation/digest", "#attestation/kind"] },
          kind: "string",
        },
        shape: {
          fields: {
            artifact_type: "string",
            build: { fields: { id: "#build/id" }, null: true },
            content: "object",
            created_at: "date-time",
            digest: "#attestation/digest",
            document_digest: "string",
            document_size: "integer",
            key_id: "string?",
            kind: "#attestation/kind",
            media_type: "string",
            signature: { fields: { payload: "string", value: "string" }, null: true },
          },
          required: [
            "artifact_type",
            "build",
            "created_at",
            "digest",
            "document_digest",
            "document_size",
            "key_id",
            "kind",
            "media_type",
            "signature",
          ],
        },
        readOnly: ["digest", "kind"],
      },
    },
    {
      name: "signing-key",
      source: ours,
      definition: resource({
        fields: {
          created_at: "date-time",
          current: "boolean",
          id: "string",
          public_key: "string",
          revoked_at: "date-time?",
        },
      }),
    },
    ...advisoryDefinitions(),
  ];
}

/** What is known of the parts of images. */
function advisoryDefinitions(): AddedDefinition[] {
  const touched: Readonly<Record<string, Shape>> = {
    development: "boolean",
    fixed: { list: "string" },
    package: "string",
    version: "string",
  };
  return [
    {
      name: "advisory-match",
      source: ours,
      definition: {
        stability: "development",
        parts: { identity: { anyOf: ["#advisory-match/id"] }, id: "string" },
        shape: {
          fields: {
            aliases: { list: "string" },
            id: "#advisory-match/id",
            modified_at: "date-time?",
            packages: { list: { fields: touched } },
            summary: "string",
          },
        },
        readOnly: ["id"],
      },
    },
    {
      name: "touched-release",
      source: ours,
      definition: resource({
        fields: {
          app: { fields: { id: "#app/id", name: "#app/name" } },
          current: "boolean",
          packages: { list: { fields: touched } },
          release: { fields: { id: "#release/id", version: "#release/version" } },
        },
      }),
    },
  ];
}
