export type { OutputStore, Turn } from "./output.ts";
export { makeOutputStreamHandler, makeOutputUrl } from "./output-stream.ts";
