import { findAccount } from "../../accounts/identity/index.ts";
import { type ApiCall, type ApiHandlers, listReply } from "../../http/index.ts";
import {
  type AppendEvent,
  apiTime,
  type Clock,
  type Db,
  invalidParams,
  type NewId,
  notFound,
  pageOf,
} from "../../kernel/index.ts";
import { type App, findApp, findAppForUpdate } from "../app/index.ts";
import type { Collaborator } from "./collaborator.ts";
import { deleteCollaborator, insertCollaborator, listCollaborators } from "./collaborator-store.ts";

export interface CollaboratorDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly appendEvent: AppendEvent;
}

const FIELDS = ["id"];

export function collaboratorHandlers(deps: CollaboratorDependencies): ApiHandlers {
  return {
    "GET /apps/{app}/collaborators": async (call) => {
      const { app, all } = await load(call, deps);
      const request = call.page(FIELDS);
      const bodies = all.map((collaborator) => present(collaborator, app));
      return listReply({ request, page: pageOf(bodies, request), fields: FIELDS });
    },
    "GET /apps/{app}/collaborators/{collaborator}": async (call) => {
      const { app, all } = await load(call, deps);
      return { body: present(find(all, call.params.collaborator ?? ""), app) };
    },
    "POST /apps/{app}/collaborators": async (call) => ({ body: await add(call, deps) }),
    "DELETE /apps/{app}/collaborators/{collaborator}": async (call) => ({ body: await remove(call, deps) }),
  };
}

async function load(call: ApiCall, deps: CollaboratorDependencies) {
  const app = await findApp(deps.db, call.app.id);
  if (!app) throw notFound("app");
  return { app, all: await listCollaborators(deps.db, app) };
}

/** By the collaborator's id, the account's id, or its address. */
function find(all: readonly Collaborator[], identity: string): Collaborator {
  const wanted = identity.toLowerCase();
  const found = all.find(
    (c) => c.id === wanted || c.accountId === wanted || c.email.toLowerCase() === wanted,
  );
  if (!found) throw notFound("collaborator");
  return found;
}

async function add(call: ApiCall, deps: CollaboratorDependencies) {
  const { user } = call.body as { user: string | { email?: string; id?: string } };
  const identity = typeof user === "string" ? user : (user.email ?? user.id ?? "");
  const account = await findAccount(deps.db, identity);
  if (!account) {
    throw invalidParams(
      `There is no account for ${identity.slice(0, 254)}. The operator makes one: npm run account -- create <email>.`,
    );
  }
  const { app, all } = await load(call, deps);
  if (!all.some((c) => c.accountId === account.id)) {
    await deps.db.transaction().execute(async (trx) => {
      if (!(await findAppForUpdate(trx, app.id))) throw notFound("app");
      const added = { id: deps.newId(), appId: app.id, accountId: account.id, now: deps.clock() };
      if (!(await insertCollaborator(trx, added))) return;
      await record(trx, { kind: "collaborator.added", email: account.email }, { call, deps });
    });
  }
  return present(find((await load(call, deps)).all, account.id), app);
}

async function remove(call: ApiCall, deps: CollaboratorDependencies) {
  const { app, all } = await load(call, deps);
  const found = find(all, call.params.collaborator ?? "");
  if (found.role === "owner")
    throw invalidParams("The owner cannot be removed. Transfer the app to somebody else first.");
  await deps.db.transaction().execute(async (trx) => {
    if (!(await findAppForUpdate(trx, app.id))) throw notFound("app");
    if (!(await deleteCollaborator(trx, found.id))) throw notFound("collaborator");
    await record(trx, { kind: "collaborator.removed", email: found.email }, { call, deps });
  });
  return present(found, app);
}

async function record(
  trx: Db,
  what: { kind: "collaborator.added" | "collaborator.removed"; email: string },
  { call, deps }: { call: ApiCall; deps: CollaboratorDependencies },
): Promise<void> {
  const actor = { id: call.principal.accountId, email: call.principal.email };
  await deps.appendEvent(trx, { kind: what.kind, appId: call.app.id, actor, data: { email: what.email } });
}

function present(collaborator: Collaborator, app: App) {
  return {
    id: collaborator.id,
    app: { id: app.id, name: app.name },
    permissions: PERMISSIONS.map((name) => ({ name, description: name })),
    role: collaborator.role,
    user: { id: collaborator.accountId, email: collaborator.email, federated: false },
    created_at: apiTime(collaborator.createdAt),
    updated_at: apiTime(collaborator.updatedAt),
  };
}

/** Personal apps have no finer permissions: whoever works on one may do all of these. */
const PERMISSIONS = ["view", "deploy", "operate", "manage"];
