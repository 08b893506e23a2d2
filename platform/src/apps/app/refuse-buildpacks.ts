import { invalidParams } from "../../kernel/index.ts";

/**
 * An app's buildpacks stand in its source, so a list of them as a setting would have no effect (facts: build §1). Throws
 * invalid_params that says where to put each; an empty list is what every app has.
 */
export function refuseBuildpacks(updates: readonly { readonly buildpack?: unknown }[]): void {
  const [first] = updates;
  if (!first) return;
  const named = String(first.buildpack ?? "");
  const key = /^[a-z]+:\/\//i.test(named) ? "uri" : "id";
  throw invalidParams(
    "Buildpacks are not a setting of this app: its source names them. Put them into project.toml, in order, and push:\n" +
      `[[io.buildpacks.group]]\n${key} = ${JSON.stringify(named)}\n` +
      'A builder image of your own stands there too: [io.buildpacks] builder = "heroku/builder:24".',
  );
}
