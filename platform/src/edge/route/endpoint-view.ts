import type { DynoObservation } from "../../runtime/dyno/index.ts";
import type { Endpoint } from "./route.ts";

/** A dyno as an engine tells of it. */
export interface ToldDyno {
  readonly observation: DynoObservation;
  readonly oneOff: boolean;
}

/** The endpoints of one app: its dynos on duty `serve` that are not leaving. */
export function endpointsOf(dynos: Iterable<ToldDyno>): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const { observation, oneOff } of dynos) {
    const { id, name, duty, state, sleeps } = observation;
    if (duty !== "serve" || oneOff) continue;
    const endpoint = { dynoId: id, name, ...(sleeps ? { sleeps } : {}) };
    // What waits for room starts once there is some: its visitors wait as for any start.
    if (state.kind === "crashed" && state.reason === "room")
      endpoints.push({ ...endpoint, state: "starting" });
    else if (state.kind === "starting" || state.kind === "crashed" || state.kind === "idle")
      endpoints.push({ ...endpoint, state: state.kind });
    if (state.kind === "up")
      endpoints.push({ ...endpoint, state: "up", ...(state.address ? { address: state.address } : {}) });
  }
  return endpoints.sort((a, b) =>
    a.name === b.name ? (a.dynoId < b.dynoId ? -1 : 1) : a.name < b.name ? -1 : 1,
  );
}
