import { startFiles } from "./files-process.ts";
import { runRole } from "./run-role.ts";

await runRole({
  name: "files",
  start: (config, logger, _meter, tracer) => startFiles(config, logger, { tracer }),
});
