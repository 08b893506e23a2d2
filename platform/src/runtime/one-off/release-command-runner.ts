import { findApp } from "../../apps/app/index.ts";
import { displayCommand } from "../../delivery/image/index.ts";
import { RELEASE_PROCESS, type Release, type ReleaseCommand } from "../../delivery/release/index.ts";
import type { LogReader } from "../../observe/log/index.ts";
import type { DynoWatch } from "../dyno/index.ts";
import { listOneOffs } from "./one-off-store.ts";
import { freeName, type OneOffDependencies, start } from "./run-one-off.ts";

export interface ReleaseCommandDependencies extends OneOffDependencies {
  readonly watch: DynoWatch;
  readonly logs: LogReader;
}

/** Longest a release command may take (facts: runtime §8). */
const LIFETIME_SECONDS = 3_600;

/**
 * Runs release commands as one-off dynos. The dyno has the release's id, so that a second call finds it again; what it
 * prints is read from the app's log.
 */
export function makeReleaseCommand(deps: ReleaseCommandDependencies): ReleaseCommand {
  return {
    run: async (release, output, signal) => {
      const app = await findApp(deps.db, release.appId);
      if (!app) return 1;
      const running = await listOneOffs(deps.db, app.id);
      const name =
        running.find(({ id }) => id === release.id)?.name ?? freeName(RELEASE_PROCESS, running, deps.random);
      const reading = new AbortController();
      const stop = AbortSignal.any([signal, reading.signal]);
      const copying = copyOutput({ release, name, output, reader: deps.logs, signal: stop });
      if (!deps.watch.find(release.id)) {
        const process = release.imageInfo?.processes.find(({ type }) => type === RELEASE_PROCESS);
        await start(
          {
            id: release.id,
            name,
            type: RELEASE_PROCESS,
            app,
            release,
            command: { kind: "process", type: RELEASE_PROCESS },
            displayCommand: process ? displayCommand(process) : RELEASE_PROCESS,
            size: undefined,
            env: {},
            attached: false,
          },
          (spec) => deps.host.run(spec, { attach: false, lifetimeSeconds: LIFETIME_SECONDS }),
          deps,
        );
      }
      const ended = await deps.watch.until(release.id, (dyno) => dyno?.state.kind === "complete", signal);
      reading.abort();
      await copying;
      return ended?.state.kind === "complete" ? ended.state.exitCode : 1;
    },
  };
}

/** Copies what the dyno prints, until `Process exited` is seen or the reading is stopped. */
async function copyOutput(from: {
  release: Release;
  name: string;
  output: (text: string) => Promise<void>;
  reader: LogReader;
  signal: AbortSignal;
}): Promise<void> {
  const query = { appId: from.release.appId, filter: { dyno: from.name }, lines: 1_500, tail: true };
  try {
    for await (const line of from.reader.read(query, from.signal)) {
      if (line.time < from.release.createdAt) continue;
      if (line.source === "app") await from.output(`${line.message}\n`);
      else if (line.message.startsWith("Process exited")) return;
    }
  } catch (thrown) {
    if (!from.signal.aborted) throw thrown;
  }
}
