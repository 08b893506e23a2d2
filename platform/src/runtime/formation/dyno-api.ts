import { actorOf } from "../../delivery/release/index.ts";
import { type ApiCall, type ApiHandlers, listReply } from "../../http/index.ts";
import { apiTime, notFound, pageOf } from "../../kernel/index.ts";
import type { DynoHost, DynoState, DynoWatch } from "../dyno/index.ts";
import { listOneOffs, type OneOff } from "../one-off/index.ts";
import {
  type DynoSelection,
  type FormationDependencies,
  restartDynos,
  stopDynos,
} from "./change-formation.ts";
import { type DynoRecord, listDynoRecords } from "./dyno-record-store.ts";
import { noSuchType } from "./formation.ts";
import { listFormation } from "./formation-store.ts";

export type DynoListDependencies = Pick<DynoApiDependencies, "db" | "watch">;

export interface DynoApiDependencies extends FormationDependencies {
  readonly watch: DynoWatch;
  readonly host: DynoHost;
}

const FIELDS = ["id", "name", "created_at"];

/** A dyno as it is listed, whichever table it is from. */
interface ListedDyno {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly command: string;
  readonly size: string;
  readonly release: { readonly id: string; readonly version: number };
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly oneOff: boolean;
}

export function dynoHandlers(deps: DynoApiDependencies): ApiHandlers {
  const restart = async (call: ApiCall, chosen: DynoSelection) => {
    await restartDynos({ appId: call.app.id, actor: actorOf(call), ...chosen }, deps);
    return { status: 202, body: {} };
  };
  const stop = async (call: ApiCall, chosen: DynoSelection) => {
    await stopDynos({ appId: call.app.id, actor: actorOf(call), ...chosen }, deps);
    return { status: 202, body: {} };
  };
  const stopOneOff = async (dynoId: string) => {
    await deps.host.stop(dynoId);
    return { status: 202, body: {} };
  };
  const end = async (call: ApiCall, how: typeof stop) => {
    const found = await seekDyno(call, deps);
    if (found) return found.oneOff ? await stopOneOff(found.id) : await how(call, { dynoId: found.id });
    // Where one dyno has gone and the next has not come, there is none to end.
    if (await isPlace(call, deps)) return { status: 202, body: {} };
    throw notFound("dyno");
  };
  return {
    "GET /apps/{app}/dynos": async (call) => {
      const request = call.page(FIELDS);
      const dynos = (await listDynos(call.app.id, deps)).map((dyno) => presentDyno(dyno, call, deps.watch));
      return listReply({ request, page: pageOf(dynos, request), fields: FIELDS });
    },
    "GET /apps/{app}/dynos/{dyno}": async (call) => ({
      body: presentDyno(await findDyno(call, deps), call, deps.watch),
    }),
    "DELETE /apps/{app}/dynos": (call) => restart(call, {}),
    "DELETE /apps/{app}/dynos/{dyno}": (call) => end(call, restart),
    "POST /apps/{app}/dynos/{dyno}/actions/stop": (call) => end(call, stop),
    "DELETE /apps/{app}/formations/{formation_type}": async (call) =>
      restart(call, { type: await requireType(call, deps) }),
    "POST /apps/{app}/formations/{formation_type}/actions/stop": async (call) =>
      stop(call, { type: await requireType(call, deps) }),
  };
}

async function requireType(call: ApiCall, deps: DynoApiDependencies): Promise<string> {
  const wanted = call.params.formation_type ?? "";
  const types = (await listFormation(deps.db, call.app.id)).map(({ type }) => type);
  if (!types.includes(wanted)) throw noSuchType(wanted, types);
  return wanted;
}

/** Old and new dynos of one name are both listed during a switch; warm and stopping ones are not. (design §3) */
async function listDynos(appId: string, deps: DynoListDependencies): Promise<readonly ListedDyno[]> {
  const formation = (await listDynoRecords(deps.db, appId))
    .filter(({ duty }) => duty !== "warm")
    .map(fromRecord);
  const oneOffs = (await listOneOffs(deps.db, appId)).map(fromOneOff);
  return [...formation, ...oneOffs.filter(({ id }) => !isLeaving(deps.watch.find(id)?.state))];
}

function isLeaving(state: DynoState | undefined): boolean {
  return state?.kind === "stopping" || state?.kind === "complete";
}

function fromRecord(dyno: DynoRecord): ListedDyno {
  const { id, type, command, size, createdAt, updatedAt } = dyno;
  const release = { id: dyno.releaseId, version: dyno.releaseVersion };
  return {
    id,
    type,
    command,
    size,
    createdAt,
    updatedAt,
    release,
    name: `${type}.${dyno.index}`,
    oneOff: false,
  };
}

function fromOneOff(dyno: OneOff): ListedDyno {
  const { id, name, type, command, size, createdAt, updatedAt } = dyno;
  const release = { id: dyno.releaseId, version: dyno.releaseVersion };
  return { id, name, type, command, size, createdAt, updatedAt, release, oneOff: true };
}

/** By id, or by name: then the newest release's. (design §3 "Gapless") */
export async function findDyno(call: ApiCall, deps: DynoListDependencies): Promise<ListedDyno> {
  const found = await seekDyno(call, deps);
  if (!found) throw notFound("dyno");
  return found;
}

async function seekDyno(call: ApiCall, deps: DynoListDependencies): Promise<ListedDyno | undefined> {
  const identity = call.params.dyno ?? "";
  return (await listDynos(call.app.id, deps))
    .filter(({ id, name }) => id === identity || name === identity)
    .sort(
      (a, b) => b.release.version - a.release.version || b.createdAt.getTime() - a.createdAt.getTime(),
    )[0];
}

/** Whether the formation has a dyno of that name, there or not. */
async function isPlace(call: ApiCall, deps: DynoApiDependencies): Promise<boolean> {
  const identity = call.params.dyno ?? "";
  const places = (await listFormation(deps.db, call.app.id)).flatMap(({ type, quantity }) =>
    Array.from({ length: quantity }, (_, at) => `${type}.${at + 1}`),
  );
  return places.includes(identity);
}

/** The API's word for a state (facts: runtime §4). What the engine does not know yet is starting. */
export function stateWord(state: DynoState | undefined): "starting" | "up" | "idle" | "crashed" | "down" {
  switch (state?.kind) {
    case undefined:
    case "starting":
      return "starting";
    case "up":
      return "up";
    case "idle":
      return "idle";
    case "crashed":
      return state.reason === "room" ? "down" : "crashed";
    case "stopping":
    case "complete":
      return "down";
  }
}

export function presentDyno(dyno: ListedDyno, call: ApiCall, watch: DynoWatch) {
  const seen = watch.find(dyno.id);
  return {
    app: { id: call.app.id, name: call.app.name },
    attach_url: null,
    command: dyno.command,
    created_at: apiTime(dyno.createdAt),
    id: dyno.id,
    name: dyno.name,
    release: dyno.release,
    size: dyno.size,
    state: stateWord(seen?.state),
    type: dyno.type,
    updated_at: apiTime(seen ? new Date(seen.since) : dyno.updatedAt),
  };
}
