export { takeClaim } from "./claim-store.ts";
