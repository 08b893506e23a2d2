import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock } from "../../../kernel/index.ts";
import { DEFAULT_INTAKE } from "../../../observe/log/index.ts";
import { describeLogStore } from "../../../observe/log/log-store-suite.ts";
import { type LogStore, openLogStore } from "./log-store.ts";

describeLogStore("on disk", () => {
  let folder: string | undefined;
  let store: LogStore | undefined;
  return {
    async open({ intake, tail }) {
      folder = await mkdtemp(join(tmpdir(), "conifer-logs-"));
      store = openLogStore({
        folder,
        now: systemClock,
        logger: silentLogger,
        limits: { flushMs: 2, intake: { ...DEFAULT_INTAKE, ...intake }, ...(tail ? { tail } : {}) },
      });
      return store;
    },
    async close() {
      await store?.stop();
      if (folder) await rm(folder, { recursive: true, force: true });
    },
  };
});
