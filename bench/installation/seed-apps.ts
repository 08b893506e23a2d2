import { runCluster } from "./cluster-command.ts";

/**
 * Adds apps to an installation's database, as many copies of one that was deployed: the rows that the API, a build and a
 * release would have written, each with a dyno of the type `worker` and none of `web`. They share the image and the config of
 * the first. Everything else is made of these rows by the workers.
 */
export function seedApps(
  cluster: string,
  {
    namespace,
    template,
    apps,
  }: { readonly namespace: string; readonly template: string; readonly apps: number },
): void {
  const args = [
    "exec",
    "-i",
    "-n",
    namespace,
    "deploy/conifer-worker",
    "--",
    "node",
    "--input-type=module",
    "-e",
  ];
  runCluster(cluster, ["kubectl", ...args, RUN_SQL], statements(template, apps));
}

/** In the worker's pod, which may reach the database and has its address. */
const RUN_SQL = `
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
const pg = createRequire("/conifer/platform/package.json")("pg");
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
await client.query(readFileSync(0, "utf8"));
await client.end();
`;

function statements(template: string, apps: number): string {
  const [one, copies] = [`t.name = '${template}'`, `a.name like '${template}-%'`];
  return `
begin;
insert into apps select gen_random_uuid(), t.name || '-' || i, owner_id, region, stack, build_stack, maintenance,
  buildpack_provided_description, released_at, now(), now() from apps t, generate_series(1, ${apps}) i where ${one};
insert into releases select gen_random_uuid(), a.id, r.version, r.status, r.description, r.actor, r.cause, r.image_id,
  r.inherits_image, r.config_id, null, r.runs_command, now(), now()
  from apps t join release_heads h on h.app_id = t.id join releases r on r.id = h.current_release_id, apps a
  where ${one} and ${copies};
insert into release_heads select a.id, h.next_version, r.id, h.config_id, null
  from apps t join release_heads h on h.app_id = t.id, apps a join releases r on r.app_id = a.id
  where ${one} and ${copies};
insert into formation select gen_random_uuid(), a.id, f.type, case f.type when 'worker' then 1 else 0 end, f.size,
  f.command, now(), now() from apps t join formation f on f.app_id = t.id, apps a where ${one} and ${copies};
commit;
`;
}
