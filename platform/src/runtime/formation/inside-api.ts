import type { RequestBodies } from "@conifer/contract";
import type { ApiHandlers } from "../../http/index.ts";
import { type InsideRunDependencies, recordInsideRun } from "../one-off/index.ts";
import { type DynoListDependencies, findDyno, presentDyno, stateWord } from "./dyno-api.ts";

export interface InsideApiDependencies extends InsideRunDependencies, Pick<DynoListDependencies, "watch"> {
  /** `rendezvous://localhost:6400/<secret>` for what waits under that id, under the caller's host and port. */
  readonly attachUrl: (origin: string, id: string) => string;
}

/** Commands inside dynos that run, of apps of either generation (facts: CLI client §5). */
export function insideHandlers(deps: InsideApiDependencies): ApiHandlers {
  return {
    "POST /apps/{app}/dynos/{dyno}": async (call) => {
      const body = call.body as RequestBodies["POST /apps/{app}/dynos/{dyno}"] & {
        readonly force_no_tty?: boolean | null;
      };
      const dyno = await findDyno(call, deps);
      const state = stateWord(deps.watch.find(dyno.id)?.state);
      const run = await recordInsideRun(
        {
          appId: call.app.id,
          dyno: { id: dyno.id, name: dyno.name, state },
          command: body.command,
          noTerminal: body.force_no_tty === true,
          env: body.env,
        },
        deps,
      );
      const shown = presentDyno(dyno, call, deps.watch);
      return { body: { ...shown, attach_url: deps.attachUrl(call.origin, run.id), command: body.command } };
    },
  };
}
