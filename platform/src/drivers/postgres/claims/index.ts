export { releaseClaim, takeClaim } from "./claim-store.ts";
