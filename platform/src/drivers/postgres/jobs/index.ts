export { type JobKind, startJobs } from "./durable-jobs.ts";
export { listWaitingJobs, sendJobs, type WaitingJob } from "./waiting-jobs.ts";
