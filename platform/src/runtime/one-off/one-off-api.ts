import type { RequestBodies } from "@conifer/contract";
import type { ApiCall, ApiHandlers } from "../../http/index.ts";
import { apiTime } from "../../kernel/index.ts";
import type { OneOff } from "./one-off.ts";
import { type OneOffDependencies, runOneOff } from "./run-one-off.ts";

export interface OneOffApiDependencies extends OneOffDependencies {
  /** `rendezvous://localhost:6400/<secret>` for the dyno, under the caller's host and port. */
  readonly attachUrl: (origin: string, dynoId: string) => string;
}

export function oneOffHandlers(deps: OneOffApiDependencies): ApiHandlers {
  return {
    "POST /apps/{app}/dynos": async (call) => {
      const body = call.body as RequestBodies["POST /apps/{app}/dynos"];
      const attach = body.attach === true;
      const dyno = await runOneOff(
        {
          appId: call.app.id,
          command: body.command,
          attach,
          noTerminal: body.force_no_tty === true,
          env: body.env as Record<string, unknown> | null | undefined,
          size: body.size ?? undefined,
          type: body.type ?? undefined,
          lifetimeSeconds: body.time_to_live,
        },
        deps,
      );
      return { body: present(dyno, call, attach ? deps.attachUrl(call.origin, dyno.id) : null) };
    },
  };
}

function present(dyno: OneOff, call: ApiCall, attachUrl: string | null) {
  return {
    app: { id: call.app.id, name: call.app.name },
    attach_url: attachUrl,
    command: dyno.command,
    created_at: apiTime(dyno.createdAt),
    id: dyno.id,
    name: dyno.name,
    release: { id: dyno.releaseId, version: dyno.releaseVersion },
    size: dyno.size,
    state: "starting",
    type: dyno.type,
    updated_at: apiTime(dyno.updatedAt),
  };
}
