export { type JobKind, type Jobs, type JobsOptions, startJobs } from "./durable-jobs.ts";
