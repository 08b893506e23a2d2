import { startControl } from "./control-process.ts";
import { runRole } from "./run-role.ts";

await runRole({ name: "control", start: startControl });
