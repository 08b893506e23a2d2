export type { Builder, BuildNews, BuildResult, BuildSpec } from "./build-ports.ts";
