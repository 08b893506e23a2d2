import { seedStatements } from "../platform/seed-statements.ts";
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
  runCluster(cluster, ["kubectl", ...args, RUN_SQL], seedStatements(template, { apps, workers: 1 }));
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
