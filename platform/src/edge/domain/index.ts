export { defaultDomain, isReservedDomain } from "./domain.ts";
