import { sql } from "kysely";
import { migrate, openDatabase } from "../store/index.ts";
import { migrations } from "./index.ts";

const id = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`;
const NOW = new Date("2026-01-02T03:04:05Z");
const [account, app, config, image, build, release] = [1, 2, 3, 4, 5, 6].map(id);
const stamps = { created_at: NOW, updated_at: NOW };

/** After each step: one row for every table it makes, as that step's schema wants it. */
export const seeds: Readonly<Record<string, Readonly<Record<string, Record<string, unknown>>>>> = {
  "0001-events": {
    events: { kind: "app.created", app_id: app, actor: null, data: { name: "a" }, at: NOW },
    event_readers: { reader: "log", xid: "3", seq: 1 },
    claims: { subject: "app/1", number: 7, holder: "control", expires_at: NOW },
  },
  "0002-accounts": {
    accounts: { id: account, email: "Me@example.com", password_hash: "$argon2id$x", ...stamps },
    authorizations: {
      id: id(7),
      account_id: account,
      description: "Token",
      scope: ["global"],
      token_id: id(8),
      token_hash: Buffer.alloc(32, 1),
      token_hint: "CNFR-abcd**********wxyz",
      ...stamps,
    },
  },
  "0003-apps": {
    apps: {
      id: app,
      name: "first",
      owner_id: account,
      region: "us",
      stack: "cnb",
      build_stack: "cnb",
      ...stamps,
    },
    collaborators: { id: id(9), app_id: app, account_id: account, ...stamps },
    app_features: { app_id: app, name: "preboot", enabled: false, updated_at: NOW },
  },
  "0004-delivery": {
    configs: { id: config, app_id: app, sealed: Buffer.from("sealed"), created_at: NOW },
    oci_images: { id: image, app_id: app, digest: "sha256:1", info: {}, stack: "cnb", ...stamps },
    builds: { id: build, app_id: app, actor: {}, status: "succeeded", stack: "cnb", ...stamps },
    release_heads: { app_id: app, next_version: 2, current_release_id: release, config_id: config },
    releases: {
      id: release,
      app_id: app,
      version: 1,
      status: "succeeded",
      description: "Initial release",
      actor: {},
      cause: "initial",
      inherits_image: false,
      config_id: config,
      ...stamps,
    },
  },
  "0005-runtime": {
    formation: {
      id: id(1),
      app_id: app,
      type: "web",
      quantity: 1,
      size: "Standard-1X",
      command: "x",
      ...stamps,
    },
    dynos: {
      id: id(2),
      app_id: app,
      type: "web",
      index: 1,
      release_id: release,
      release_version: 1,
      key: "k",
      size: "Standard-1X",
      command: "x",
      sealed_spec: Buffer.from("sealed"),
      duty: "serve",
      ...stamps,
    },
    one_off_dynos: {
      id: id(3),
      app_id: app,
      name: "run.1",
      type: "run",
      command: "bash",
      size: "Standard-1X",
      release_id: release,
      release_version: 1,
      attached: true,
      ...stamps,
    },
  },
  "0006-inside-runs": {
    inside_runs: {
      id: id(1),
      app_id: app,
      dyno_id: id(2),
      dyno_name: "web.1",
      sealed_command: Buffer.from("sealed"),
      created_at: NOW,
    },
  },
  "0008-attestations": {
    signing_keys: { id: "k", public_key: "p", sealed: Buffer.from("sealed"), current: true, created_at: NOW },
    attestations: {
      app_id: app,
      image_digest: "sha256:1",
      kind: "signature",
      digest: "sha256:2",
      artifact_type: "a",
      document: {},
      key_id: "k",
      created_at: NOW,
    },
    component_sets: { digest: "s", created_at: NOW },
    components: { set_digest: "s", type: "npm", name: "a", version: "1", qualifiers: {}, development: false },
    image_components: { app_id: app, image_digest: "sha256:1", set_digest: "s" },
    advisories: {
      id: "A",
      hash: "h",
      state: "s",
      withdrawn: false,
      summary: "",
      aliases: JSON.stringify([]),
    },
    advisory_packages: { advisory_id: "A", type: "npm", name: "a", affected: {} },
    advisory_matches: {
      advisory_id: "A",
      set_digest: "s",
      type: "npm",
      name: "a",
      version: "1",
      development: false,
      fixed: JSON.stringify([]),
    },
    advisory_states: { id: 1, state: "s", loaded_at: NOW, advisories: 1, problems: JSON.stringify([]) },
  },
  "0009-rebases": {
    rebase_passes: {
      id: id(1),
      status: "running",
      run_image: { name: "conifer/run:debian-12", digest: "sha256:1", topLayer: "sha256:2" },
      ...{ wave: 0, waves: 1, failure_limit: "1%", forgiven: 0, at_once: 20, settle_seconds: 60 },
      actor: {},
      ...stamps,
    },
    rebase_turns: {
      ...{ pass_id: id(1), app_id: app, wave: 0, place: 1, state: "waiting", judged: false },
      updated_at: NOW,
    },
  },
  "0011-pipelines": {
    pipelines: { id: id(1), name: "first", owner_id: account, ...stamps },
    pipeline_couplings: { id: id(1), app_id: app, pipeline_id: id(1), stage: "production", ...stamps },
  },
};

/** Run as a program: begins all steps, says that it is in the middle, and never ends by itself. */
async function main(url: string): Promise<void> {
  const { db } = openDatabase({ url, maxConnections: 1, onError: () => {} });
  const hanging = {
    name: "9999-hanging",
    up: async (trx: typeof db) => {
      await sql`create table half_done (id int)`.execute(trx);
      console.log("in the middle");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    },
  };
  await migrate(db, [...migrations, hanging], NOW);
}

if (import.meta.main) await main(process.argv[2] ?? "");
