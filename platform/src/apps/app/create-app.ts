import {
  type AppendEvent,
  BusinessError,
  type Clock,
  type Db,
  invalidParams,
  type NewId,
  notFound,
  type Principal,
} from "../../kernel/index.ts";
import { defaultRegion, defaultStack, findByIdentity, regions, stacks } from "../region/index.ts";
import { type App, checkAppName, makeAppName, nameTaken } from "./app.ts";
import { type AppChange, deleteApp, findApp, findAppForUpdate, insertApp, updateApp } from "./app-store.ts";

export interface AppDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly random: () => number;
  readonly appendEvent: AppendEvent;
  /** The name of the unique constraint a write ran into. */
  readonly violatedConstraint: (thrown: unknown) => string | undefined;
  /** What other capabilities record for a new app, in the same transaction: its first release. */
  readonly alsoCreate: (trx: Db, app: App, creator: Principal) => Promise<void>;
}

export interface WantedApp {
  readonly name?: string | null;
  readonly region?: string | null;
  readonly stack?: string | null;
}

/** Makes an app, with its first release, for its creator. Throws invalid_params for a bad or taken name. */
export async function createApp(wanted: WantedApp, creator: Principal, deps: AppDependencies): Promise<App> {
  const region = findByIdentity(regions, wanted.region || defaultRegion);
  if (!region) throw invalidParams(`Region ${wanted.region} does not exist. Regions are ${names(regions)}.`);
  const stack = requireStack(wanted.stack || defaultStack);
  if (wanted.name) checkAppName(wanted.name);
  for (let attempt = 1; ; attempt++) {
    const name = wanted.name || makeAppName(deps.random);
    try {
      return await insert({ name, region: region.name, stack }, creator, deps);
    } catch (thrown) {
      const violated = deps.violatedConstraint(thrown);
      if (violated === "apps_owner_id_fkey") throw new BusinessError("unauthorized", ACCOUNT_CLOSED);
      if (violated !== "apps_name") throw thrown;
      if (wanted.name || attempt >= 5) throw nameTaken(name);
    }
  }
}

const ACCOUNT_CLOSED = "The account was closed meanwhile.";

async function insert(
  wanted: { name: string; region: string; stack: string },
  creator: Principal,
  deps: AppDependencies,
): Promise<App> {
  return await deps.db.transaction().execute(async (trx) => {
    const id = deps.newId();
    await insertApp(trx, { ...wanted, id, ownerId: creator.accountId, now: deps.clock() });
    const app = await requireInserted(trx, id);
    await deps.alsoCreate(trx, app, creator);
    const actor = { id: creator.accountId, email: creator.email };
    await deps.appendEvent(trx, { kind: "app.created", appId: id, actor, data: { name: app.name } });
    return app;
  });
}

async function requireInserted(trx: Db, id: string): Promise<App> {
  const app = await findApp(trx, id);
  if (!app) throw new Error("an app that was just inserted is not there");
  return app;
}

export function requireStack(identity: string): string {
  const stack = findByIdentity(stacks, identity);
  if (stack) return stack.name;
  throw invalidParams(
    `Stack ${identity} is not available. Use cnb to build with Cloud Native Buildpacks, container for images and Dockerfiles, or leave the stack out.`,
  );
}

function names(items: readonly { readonly name: string }[]): string {
  return items.map((item) => item.name).join(", ");
}

/**
 * Renames an app, switches maintenance, or changes its stack. Throws invalid_params for a bad or taken name, and
 * not_found for an app that was deleted meanwhile.
 */
export async function changeApp(
  id: string,
  change: AppChange,
  actor: Principal,
  deps: AppDependencies,
): Promise<App> {
  if (change.name !== undefined) checkAppName(change.name);
  try {
    return await deps.db.transaction().execute(async (trx) => {
      const before = await findAppForUpdate(trx, id);
      if (!before) throw notFound("app");
      await updateApp(trx, id, change, deps.clock());
      const app = await requireInserted(trx, id);
      const data = { name: app.name, previous_name: before.name, maintenance: app.maintenance };
      const who = { id: actor.accountId, email: actor.email };
      await deps.appendEvent(trx, { kind: "app.updated", appId: id, actor: who, data });
      return app;
    });
  } catch (thrown) {
    if (change.name !== undefined && deps.violatedConstraint(thrown) === "apps_name")
      throw nameTaken(change.name);
    throw thrown;
  }
}

/**
 * Deletes an app with all that hangs on it. Dynos, routes, logs and repositories follow by the event. Throws not_found
 * for an app that was deleted meanwhile: of several callers one deletes it.
 */
export async function destroyApp(app: App, actor: Principal, deps: AppDependencies): Promise<void> {
  await deps.db.transaction().execute(async (trx) => {
    if (!(await findAppForUpdate(trx, app.id))) throw notFound("app");
    await deleteApp(trx, app.id);
    const who = { id: actor.accountId, email: actor.email };
    await deps.appendEvent(trx, { kind: "app.deleted", appId: app.id, actor: who, data: { name: app.name } });
  });
}
