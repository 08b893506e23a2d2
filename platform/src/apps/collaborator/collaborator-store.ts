import type { Db } from "../../kernel/index.ts";
import type { App } from "../app/index.ts";
import type { Collaborator } from "./collaborator.ts";

type CollaboratorTables = {
  collaborators: { id: string; app_id: string; account_id: string; created_at: Date; updated_at: Date };
  accounts: { id: string; email: string };
};

const tables = (db: Db) => db.withTables<CollaboratorTables>();

/** The owner first, under the app's own id, then everybody who was added. */
export async function listCollaborators(db: Db, app: App): Promise<readonly Collaborator[]> {
  const rows = await tables(db)
    .selectFrom("collaborators")
    .innerJoin("accounts", "accounts.id", "collaborators.account_id")
    .select([
      "collaborators.id",
      "collaborators.app_id as appId",
      "collaborators.account_id as accountId",
      "accounts.email",
      "collaborators.created_at as createdAt",
      "collaborators.updated_at as updatedAt",
    ])
    .where("app_id", "=", app.id)
    .orderBy("collaborators.created_at")
    .execute();
  const owner: Collaborator = {
    id: app.id,
    appId: app.id,
    accountId: app.ownerId,
    email: app.ownerEmail,
    role: "owner",
    createdAt: app.createdAt,
    updatedAt: app.createdAt,
  };
  return [owner, ...rows.map((row) => ({ ...row, role: "collaborator" as const }))];
}

/** False when somebody was added already; then nothing is written. */
export async function insertCollaborator(
  trx: Db,
  added: { readonly id: string; readonly appId: string; readonly accountId: string; readonly now: Date },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tables(trx)
    .insertInto("collaborators")
    .values({
      id: added.id,
      app_id: added.appId,
      account_id: added.accountId,
      created_at: added.now,
      updated_at: added.now,
    })
    .onConflict((c) => c.constraint("collaborators_pair").doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** False when somebody else removed it first. */
export async function deleteCollaborator(trx: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await tables(trx)
    .deleteFrom("collaborators")
    .where("id", "=", id)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}
