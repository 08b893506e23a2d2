import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { callApi } from "./api-call.ts";
import { makeAccount } from "./make-account.ts";
import { CLONE, type RunningPlatform } from "./running-platform.ts";
import { execute } from "./stock-client.ts";

/**
 * On an installation that several processes try at once: an account for the journeys of this one, in place of the
 * installation's first. So each has its own apps, and removes no other's. Elsewhere the platform as it is.
 */
export async function takeOwnAccess(platform: RunningPlatform): Promise<RunningPlatform> {
  if (!process.env.CONIFER_VISITOR) return platform;
  const email = `journeys-${process.env.VITEST_POOL_ID ?? "1"}@example.com`;
  const env = process.env as Record<string, string>;
  const npm = (args: readonly string[]) => execute("npm", args, { cwd: CLONE, env });
  const password = await makeAccount({ npm }, email);
  const token = await logIn(platform, { email, password });
  const access = { ...platform.access, email, password, token };
  writeFileSync(join(platform.home, "access.json"), JSON.stringify(access), { mode: 0o600 });
  return { ...platform, access };
}

async function logIn(
  platform: RunningPlatform,
  { email, password }: { readonly email: string; readonly password: string },
) {
  const basic = Buffer.from(`${email}:${password}`).toString("base64");
  const { status, body } = await callApi(
    { platform, authorization: `Basic ${basic}` },
    "POST",
    "/oauth/authorizations",
    { description: "journeys" },
  );
  if (status !== 201) throw new Error(`no token for ${email}: ${status} ${JSON.stringify(body)}`);
  return body.access_token.token as string;
}
