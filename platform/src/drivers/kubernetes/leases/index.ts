export { keepLease } from "./keep-lease.ts";
