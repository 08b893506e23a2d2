import { aborted } from "../kernel/index.ts";
import type { ControlPorts } from "./control-engine.ts";

/** Ports on which nothing runs and nothing happens: for tests of the API alone. */
export function idlePorts(): ControlPorts {
  const nothing = async () => {};
  return {
    host: {
      apply: nothing,
      restart: nothing,
      run: nothing,
      stop: nothing,
      attach: async () => {
        throw new Error("nothing to attach to");
      },
      runInside: async () => {
        throw new Error("nothing to run inside");
      },
      watch: async function* (signal) {
        yield { kind: "all", dynos: [] };
        await aborted(signal);
      },
    },
    builder: {
      build: async function* (_spec, signal) {
        yield { kind: "output", text: "Nothing is built here.\n" };
        await aborted(signal);
      },
      cancel: nothing,
      clearCache: nothing,
    },
    collection: { collect: async () => true, forget: nothing },
    routes: { replace: nothing, put: nothing, remove: nothing, endpoints: async () => [] },
  };
}
