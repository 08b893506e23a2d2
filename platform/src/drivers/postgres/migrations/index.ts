import type { Migration } from "../store/index.ts";
import { events } from "./0001-events.ts";
import { accounts } from "./0002-accounts.ts";
import { apps } from "./0003-apps.ts";
import { delivery } from "./0004-delivery.ts";
import { runtime } from "./0005-runtime.ts";
import { insideRuns } from "./0006-inside-runs.ts";
import { builtContent } from "./0007-built-content.ts";
import { attestations } from "./0008-attestations.ts";
import { rebases } from "./0009-rebases.ts";
import { revokedKeys } from "./0010-revoked-keys.ts";
import { pipelines } from "./0011-pipelines.ts";

/** Every step of the schema, oldest first. A step that has been released is never changed. */
export const migrations: readonly Migration[] = [
  ...[events, accounts, apps, delivery, runtime],
  ...[insideRuns, builtContent, attestations, rebases, revokedKeys, pipelines],
];
