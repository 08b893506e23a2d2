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
    const { id, name, duty, state } = observation;
    if (duty !== "serve" || oneOff) continue;
    if (state.kind === "starting" || state.kind === "crashed")
      endpoints.push({ dynoId: id, name, state: state.kind });
    if (state.kind === "up")
      endpoints.push({ dynoId: id, name, state: "up", ...(state.address ? { address: state.address } : {}) });
  }
  return endpoints.sort((a, b) =>
    a.name === b.name ? (a.dynoId < b.dynoId ? -1 : 1) : a.name < b.name ? -1 : 1,
  );
}
