export { makeAcmeIssuer } from "./acme-issuer.ts";
