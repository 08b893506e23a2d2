export { defaultDomain } from "./domain.ts";
export { domainHandlers } from "./domain-api.ts";
