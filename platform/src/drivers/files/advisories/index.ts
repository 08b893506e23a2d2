export { openAdvisoryFiles } from "./advisory-files.ts";
