import type { ResourceCorrection } from "../generator/supplement-entry.ts";
import type { Shape } from "../src/shape.ts";

const wholeAnswer = "our own: every answer is a resource with a name, not a part of one";
const client = "heroku-cli 11.10.0: fields that the client reads and no schema document lists";
const expansion =
  "facts on the Platform API: Accept-Expansion and Accept-Inclusion put in whole objects and more fields";
const complete = "our own: Conifer always answers these fields, also where the documents do not promise them";

const timeOrNull = "date-time?";
const nameAndId = (resource: string): Shape => ({
  fields: { id: `#${resource}/id`, name: `#${resource}/name` },
});
const price: Shape = {
  fields: { cents: "#plan/cents", contract: "#plan/contract", metered: "boolean", unit: "#plan/unit" },
  required: ["cents", "contract", "unit"],
};
const plan: Shape = {
  anyOf: [
    {
      fields: { id: "#plan/id", meters: { list: "object" }, name: "#plan/name", price },
      required: ["id", "name"],
    },
    "#plan",
  ],
};
const service: Shape = { anyOf: [nameAndId("add-on-service"), "#add-on-service"] };
const suspensions = { scheduled_deletion_time: timeOrNull, scheduled_suspension_time: timeOrNull };

/** Other fields for what is answered. Fields that clients only look for may be left out. */
export const resourceCorrections: readonly ResourceCorrection[] = [
  { resource: "app-webhook", shape: "#app-webhook/app_webhook", source: wholeAnswer },
  { resource: "add-on-webhook", shape: "#add-on-webhook/addon_webhook", source: wholeAnswer },
  ...["config-var", "pipeline-config-var"].map((resource) => ({
    resource,
    shape: { map: "string" },
    source: "the answer maps names to values; the values of a map that is read are never null",
  })),
  {
    resource: "account",
    set: suspensions,
    optional: Object.keys(suspensions),
    source: `${client} (every command that reads the account)`,
  },
  {
    resource: "team",
    set: suspensions,
    optional: Object.keys(suspensions),
    source: `${client} (members)`,
  },
  ...appCorrections(),
  {
    resource: "build",
    mandatory: ["app", "buildpacks", "generation", "output_stream_url", "release", "slug", "stack"],
    source: complete,
  },
  { resource: "build", optional: ["labs"], variants: ["sdk"], source: "the documents do not require it" },
  {
    resource: "release",
    set: { extended: "object" },
    optional: ["extended"],
    source: `${client} (releases --extended)`,
  },
  {
    resource: "release",
    set: { oci_image: { fields: { id: "#oci-image/id" }, null: true } },
    optional: ["oci_image"],
    variants: ["base"],
    source:
      "the field of 3.sdk; harmless in the base version, and clients that ask for no variant look for it",
  },
  {
    resource: "release",
    set: {
      attestations: { list: { fields: { artifact_type: "string", digest: "string", kind: "string" } } },
      image_verification: {
        fields: {
          key_id: "string?",
          message: "string?",
          required: "boolean",
          status: { enum: ["verified", "refused"] },
        },
      },
    },
    optional: ["attestations", "image_verification"],
    source: "our own: what is said of a release's image, on the page of one release",
  },
  ...["pipeline-release", "pipeline-deployment"].map((resource) => ({
    resource,
    set: { artifacts: { list: "#release/artifact" } },
    source: "a slip: a release has a list of artifacts, and these are releases",
  })),
  {
    resource: "dyno",
    set: { extended: "object" },
    optional: ["extended"],
    source: `${client} (ps --extended)`,
  },
  {
    resource: "dyno-processes",
    set: {
      app: nameAndId("app"),
      command: "#dyno/command",
      created_at: "#dyno/created_at",
      id: "#dyno/id",
      name: "#dyno/name",
      release: { fields: { id: "#release/id", version: "#release/version" } },
      size: "#dyno/size",
      state: "#dyno/state",
      type: "#dyno/type",
      updated_at: "#dyno/updated_at",
    },
    optional: [
      "app",
      "command",
      "created_at",
      "id",
      "name",
      "release",
      "size",
      "state",
      "type",
      "updated_at",
    ],
    source: `${client} (run:inside reads name and size, as of a dyno)`,
  },
  {
    resource: "log-drain",
    set: { extended: { fields: { drain_id: "string" }, open: true } },
    optional: ["extended"],
    source: `${client} (drains --extended)`,
  },
  {
    resource: "sni-endpoint",
    set: {
      ssl_cert: {
        fields: {
          acm: "boolean",
          "ca_signed?": "boolean",
          cert_domains: { list: "string" },
          expires_at: "date-time",
          id: "uuid",
          issuer: "string",
          "self_signed?": "boolean",
          starts_at: "date-time",
          subject: "string",
        },
      },
    },
    source: `${client} (certs tells managed certificates by ssl_cert.acm)`,
  },
  {
    resource: "pipeline-coupling",
    set: { pipeline: { fields: { id: "#pipeline/id", name: "#pipeline/name" }, required: ["id"] } },
    source: `${client} (apps:info and ci read pipeline.name)`,
  },
  ...addonCorrections(),
  ...spaceCorrections(),
  {
    resource: "app-webhook-event",
    set: {
      payload: {
        fields: {
          action: "string",
          actor: { fields: { email: "email", id: "uuid" } },
          data: "object",
          previous_data: "object",
          published_at: "date-time",
          resource: "string",
          version: "string",
        },
        required: ["action", "actor", "data", "previous_data", "resource", "version"],
      },
    },
    source: `${client} (webhooks:events)`,
  },
];

function appCorrections(): ResourceCorrection[] {
  const extended: Readonly<Record<string, Shape>> = {
    create_status: "string",
    cron_finished_at: timeOrNull,
    cron_next_run: timeOrNull,
    database_size: "integer?",
    extended: "object",
    process_tier: "string",
  };
  const app = { ...extended, joined: "boolean", locked: "boolean" };
  const teamApp = {
    ...extended,
    acm: "boolean",
    organization: { ...(nameAndId("team") as object), null: true } as Shape,
  };
  return [
    {
      resource: "app",
      set: app,
      optional: Object.keys(app),
      source: `${client} (apps:info --extended, ps, apps)`,
    },
    {
      resource: "team-app",
      set: teamApp,
      optional: Object.keys(teamApp),
      source: `${client} (filters/apps)`,
    },
    {
      resource: "team-app",
      set: {
        generation: nameAndId("generation"),
        space: {
          fields: { id: "#space/id", name: "#space/name", shield: "#space/shield" },
          required: ["id", "name"],
          null: true,
        },
        team: { fields: { id: "#team/id", name: "#team/name" }, required: ["name"], null: true },
      },
      optional: ["generation"],
      variants: ["base"],
      source: `${client} (filters/apps answers apps of teams and of persons alike)`,
    },
    {
      resource: "team-app",
      set: {
        space: {
          fields: { id: "#space/id", name: "#space/name", shield: "#space/shield" },
          required: ["id", "name"],
          null: true,
        },
        team: { fields: { id: "#team/id", name: "#team/name" }, required: ["name"], null: true },
      },
      variants: ["sdk"],
      source: `${client} (filters/apps answers apps of teams and of persons alike)`,
    },
  ];
}

function addonCorrections(): ResourceCorrection[] {
  return [
    { resource: "add-on", set: { addon_service: service, plan }, source: expansion },
    {
      resource: "add-on-attachment",
      set: {
        addon: {
          fields: { app: nameAndId("app"), id: "#add-on/id", name: "#add-on/name", plan },
          required: ["app", "id", "name"],
        },
        config_vars: { list: "string" },
        namespace_config: "#add-on-attachment/namespace_config",
      },
      optional: ["config_vars", "namespace_config"],
      source: expansion,
    },
  ];
}

function spaceCorrections(): ResourceCorrection[] {
  const dyno: Shape = {
    fields: { hostname: "string", id: "uuid", number: "integer", private_ip: "string" },
  };
  const formations: Shape = {
    list: { fields: { dynos: { list: dyno }, id: "uuid", process_type: "string" } },
  };
  return [
    { resource: "space", set: { region: { anyOf: [nameAndId("region"), "#region"] } }, source: expansion },
    {
      resource: "inbound-ruleset",
      set: { applied: "boolean?" },
      optional: ["applied"],
      source: `${client} (spaces:trusted-ips)`,
    },
    {
      resource: "space-topology",
      set: {
        apps: {
          list: {
            fields: { domains: { list: "string" }, formation: formations, formations, id: "uuid" },
            required: ["domains", "id"],
          },
        },
      },
      source: `${client} (spaces:topology reads formations; the documents say formation)`,
    },
    {
      resource: "vpn-connection",
      set: {
        tunnels: {
          list: {
            fields: {
              customer_ip: "string",
              ike_version: "integer",
              ip: "string",
              last_status_change: "string",
              pre_shared_key: "string",
              routable_cidr: "string",
              status: { enum: ["DOWN", "UP"] },
              status_message: "string",
              tunnel_id: "string",
            },
            required: [
              "customer_ip",
              "ip",
              "last_status_change",
              "pre_shared_key",
              "status",
              "status_message",
            ],
          },
        },
      },
      source: `${client} (spaces:vpn:config)`,
    },
  ];
}
