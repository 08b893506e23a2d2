export type { OutputStore } from "./output.ts";
