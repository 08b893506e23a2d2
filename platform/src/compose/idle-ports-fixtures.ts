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
      watch: async function* (signal) {
        yield { kind: "all", dynos: [] };
        await new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => resolve(), { once: true }),
        );
      },
    },
    builder: {
      build: async function* () {
        yield { kind: "result", result: { kind: "failed", message: "nothing is built here", exitCode: 1 } };
      },
      cancel: nothing,
      clearCache: nothing,
    },
    routes: { replace: nothing, put: nothing, remove: nothing },
  };
}
