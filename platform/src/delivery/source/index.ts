export type { SourceStore } from "./source-ports.ts";
