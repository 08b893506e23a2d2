import { callApi, granted } from "./api-call.ts";
import type { RunningPlatform } from "./running-platform.ts";

/** What `heroku logs` would print of an app, up to 1,500 lines: quicker than the client. */
export async function readLog(
  platform: Pick<RunningPlatform, "access" | "apiPort">,
  app: string,
): Promise<string> {
  const caller = { platform, token: platform.access.token };
  const path = `/apps/${app}/log-sessions`;
  const call = granted((...asked) => callApi(caller, ...asked));
  const session = await call("POST", path, { lines: 1500 });
  const answer = await fetch(session.logplex_url, { signal: AbortSignal.timeout(60_000) });
  return await answer.text();
}
