export { defaultDomain, isReservedDomain } from "./domain.ts";
export { type DomainDependencies, domainHandlers } from "./domain-api.ts";
