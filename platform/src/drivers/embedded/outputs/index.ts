export { makeOutputFiles } from "./output-files.ts";
