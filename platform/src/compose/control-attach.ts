import { BusinessError } from "../kernel/index.ts";
import type { DynoHost } from "../runtime/dyno/index.ts";
import {
  beginInsideRun,
  findInsideRun,
  findOneOff,
  type RendezvousTargets,
} from "../runtime/one-off/index.ts";
import type { ControlContext } from "./control-context.ts";

/** What clients can attach to: one-off dynos that wait for one, and commands that wait to be run inside a dyno. */
export function attachTargets(
  context: Pick<ControlContext, "db" | "clock" | "masterKey" | "logs">,
  host: Pick<DynoHost, "attach" | "runInside">,
): RendezvousTargets {
  const { db } = context;
  return {
    // One-off dynos first: they ask nothing of the database.
    attach: async (id) => {
      try {
        return await host.attach(id);
      } catch (thrown) {
        const isUnknown = thrown instanceof BusinessError && thrown.id === "not_found";
        const inside = isUnknown ? await findInsideRun(db, id) : undefined;
        if (!inside) throw thrown;
        return await beginInsideRun(inside, { ...context, host, logs: context.logs.sink });
      }
    },
    findDyno: async (id) => {
      const inside = await findInsideRun(db, id);
      return inside ? { appId: inside.appId, name: inside.dynoName } : await findOneOff(db, id);
    },
  };
}
