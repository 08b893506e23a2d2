import {
  changePass,
  type PassVerb,
  planStart,
  REBASE_STATES,
  type RebaseState,
  type RunImages,
  showPass,
  showStanding,
  showTurns,
  startPass,
  type WantedPass,
} from "../delivery/rebase/index.ts";
import type { LocalCall, LocalRoutes } from "../drivers/embedded/local/index.ts";
import { type Actor, invalidParams, notFound } from "../kernel/index.ts";
import { listScaledApps } from "../runtime/formation/index.ts";
import type { ControlContext } from "./control-context.ts";

/** Nobody's account: the installation's operator, whom no request names. */
const OPERATOR_ID = "00000000-0000-0000-0000-000000000000";
const VERBS: readonly PassVerb[] = ["pause", "resume", "stop"];
const MOST_TURNS = 20_000;

/** For the operator's `rebase` command. */
export function rebaseRoutes(context: ControlContext, runImages: RunImages): LocalRoutes {
  const { db, config } = context;
  const actor: Actor = { id: OPERATOR_ID, email: `operator@conifer.${config.domain}` };
  const deps = { ...context, runImages, listScaled: () => listScaledApps(db) };
  return {
    handlers: {
      "GET /rebase": async () => ({ ...(await showStanding(deps)), pass: await showPass(db) }),
      "POST /rebase": async (call) => {
        const { dry_run: isDry, ...wanted } = await readWanted(call);
        if (!isDry) {
          await startPass(wanted, actor, deps);
          return { pass: await showPass(db) };
        }
        const { runImage, apps, waves } = await planStart(context.newId(), wanted, deps);
        return { plan: { run_image: runImage, apps: apps.length, waves } };
      },
      "GET /rebase/apps": async (call) => {
        const state = call.query.get("state") ?? undefined;
        if (state !== undefined && !REBASE_STATES.includes(state as RebaseState))
          throw invalidParams(
            `There is no state ${state.slice(0, 40)}. There are: ${REBASE_STATES.join(", ")}.`,
          );
        return { apps: await showTurns(db, { state: state as RebaseState | undefined, most: MOST_TURNS }) };
      },
      "POST /rebase/:verb": async (call) => {
        const verb = VERBS.find((one) => one === call.params.verb);
        if (!verb) throw notFound("rebase verb");
        await changePass(verb, deps);
        return { pass: await showPass(db) };
      },
    },
  };
}

async function readWanted(call: LocalCall): Promise<WantedPass & { readonly dry_run?: boolean }> {
  const body = ((await call.json()) ?? {}) as Readonly<Record<string, unknown>>;
  const text = (name: string) => {
    const value = body[name];
    if (value === undefined || typeof value === "string") return value;
    throw invalidParams(`${name} must be a text.`);
  };
  const number = (name: string) => {
    const value = body[name];
    if (value === undefined || typeof value === "number") return value;
    throw invalidParams(`${name} must be a number.`);
  };
  const wanted = {
    ...{
      runImage: text("run_image"),
      as: text("as"),
      waves: text("waves"),
      maxFailures: text("max_failures"),
    },
    ...{ atOnce: number("at_once"), settleSeconds: number("watch_seconds") },
  };
  return { ...wanted, dry_run: body.dry_run === true };
}
