import { systemClock } from "../../kernel/index.ts";
import { describeLogStore } from "./log-store-suite.ts";
import { makeMemoryLogStore } from "./memory-log-store.ts";

describeLogStore("in memory", () => ({
  open: async (limits) => makeMemoryLogStore({ now: systemClock, ...limits }),
  close: async () => {},
}));
