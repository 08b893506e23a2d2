import { createAccount } from "../../accounts/identity/index.ts";
import { createApp } from "../../apps/app/index.ts";
import { violatedConstraint } from "../../drivers/postgres/store/index.ts";
import { startTestStore } from "../../drivers/postgres/store/store-fixtures.ts";
import { type Claim, type Db, notFound, type Principal, pause } from "../../kernel/index.ts";
import type { OutputStore } from "../output/index.ts";
import { createInitialRelease } from "./create-release.ts";
import type { Release } from "./release.ts";
import { findCurrentRelease, listReleases } from "./release-store.ts";

/** Apps with releases on a real PostgreSQL. */
export type TestDelivery = Awaited<ReturnType<typeof startTestDelivery>>;

export async function startTestDelivery() {
  const store = await startTestStore();
  const account = await createAccount({ email: "ada@example.com", password: "correct horse" }, store);
  const principal: Principal = { accountId: account.id, email: account.email, scope: ["global"] };
  const actor = { id: account.id, email: account.email };
  return {
    ...store,
    actor,
    /** A claim that nobody takes. */
    claim: { subject: "delivery", number: 1 },
    holdClaim: async (_trx: Db, _claim: Claim): Promise<void> => {},
    newApp: async () => {
      const deps = {
        ...store,
        random: Math.random,
        violatedConstraint,
        alsoCreate: (trx: typeof store.db, app: { id: string }) =>
          createInitialRelease(trx, app.id, actor, store),
      };
      return await createApp({}, principal, deps);
    },
    /** All releases of an app as `v2 succeeded Set A config vars`, in order; the current one is marked. */
    history: async (appId: string) => (await releasesOf(store.db, appId)).map(describe),
    releases: (appId: string) => releasesOf(store.db, appId),
    current: (appId: string) => findCurrentRelease(store.db, appId),
  };
}

async function releasesOf(db: Db, appId: string): Promise<readonly Release[]> {
  return (await listReleases(db, appId, { field: "version", order: "asc", max: 1_000 })).items;
}

function describe({ version, status, description, current }: Release): string {
  return `v${version} ${status}${current ? " current" : ""}: ${description}`;
}

/** An OutputStore in memory. `textOf` is what has been written; `ended` tells the ids whose text is whole. */
export interface FakeOutputStore extends OutputStore {
  textOf(id: string): string | undefined;
  readonly ended: ReadonlySet<string>;
}

export function makeFakeOutputStore(): FakeOutputStore {
  const texts = new Map<string, string>();
  const ended = new Set<string>();
  return {
    ended,
    textOf: (id) => texts.get(id),
    begin: async (id) => {
      ended.delete(id);
      texts.set(id, "");
    },
    append: async (id, text) => void texts.set(id, (texts.get(id) ?? "") + text),
    end: async (id) => void ended.add(id),
    read: async function* (id, signal) {
      if (!texts.has(id)) throw notFound("output");
      for (let from = 0; !signal.aborted; ) {
        const whole = ended.has(id);
        const text = (texts.get(id) ?? "").slice(from);
        from += text.length;
        if (text !== "") yield text;
        else if (whole) return;
        else await pause(2, signal);
      }
    },
    remove: async (id) => void texts.delete(id),
  };
}
