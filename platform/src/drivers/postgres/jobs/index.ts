export { type JobKind, startJobs } from "./durable-jobs.ts";
