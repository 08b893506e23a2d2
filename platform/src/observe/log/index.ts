export type { LogFilter, LogQuery, LogReader } from "./log-ports.ts";
