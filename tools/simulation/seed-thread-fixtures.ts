import { parentPort } from "node:worker_threads";
import { playSeeds, type Seeds } from "./simulate-fixtures.ts";

// A thread that plays the seeds it is given, and answers with the failures. What failed is told in words: nobody reads stacks.
Error.stackTraceLimit = 0;
parentPort?.on("message", async (seeds: Seeds) => {
  parentPort?.postMessage(await playSeeds(seeds));
});
