export type { OutputStore } from "./output.ts";
export { makeOutputStreamHandler, makeOutputUrl } from "./output-stream.ts";
