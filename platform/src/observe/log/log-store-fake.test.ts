import { systemClock } from "../../kernel/index.ts";
import { makeFakeLogStore } from "./log-store-fake.ts";
import { describeLogStore } from "./log-store-suite.ts";

describeLogStore("fake", () => ({
  open: async (limits) => makeFakeLogStore({ now: systemClock, ...limits }),
  close: async () => {},
}));
