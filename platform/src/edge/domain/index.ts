export { defaultDomain } from "./domain.ts";
export { type DomainDependencies, domainHandlers } from "./domain-api.ts";
