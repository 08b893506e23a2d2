export { startLogAgent } from "./log-agent.ts";
