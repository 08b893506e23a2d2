import type { Endpoint } from "../../../edge/route/index.ts";
import { type DynoMachine, stateOf } from "./dyno-machine.ts";

/** The endpoints of one app: its dynos on duty `serve` that are not leaving. */
export function endpointsOf(machines: Iterable<DynoMachine>): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const machine of machines) {
    const state = stateOf(machine);
    const { id, name, duty } = machine.spec;
    if (duty !== "serve" || machine.oneOff) continue;
    if (state.kind === "starting" || state.kind === "crashed")
      endpoints.push({ dynoId: id, name, state: state.kind });
    if (state.kind === "up")
      endpoints.push({ dynoId: id, name, state: "up", ...(state.address ? { address: state.address } : {}) });
  }
  return endpoints.sort((a, b) =>
    a.name === b.name ? (a.dynoId < b.dynoId ? -1 : 1) : a.name < b.name ? -1 : 1,
  );
}
