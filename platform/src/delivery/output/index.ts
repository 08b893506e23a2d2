export type { OutputStore } from "./output.ts";
export { makeOutputStreamHandler, makeOutputUrl, type OutputStreamDependencies } from "./output-stream.ts";
