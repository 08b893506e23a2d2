export { holdClaim, takeClaim } from "./claim-store.ts";
export { holdMasterKey } from "./key-lock.ts";
