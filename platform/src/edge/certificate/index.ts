export { type IssuedCertificate, openCertificateAuthority } from "./certificate-authority.ts";
export { makeCertificateCache } from "./certificate-cache.ts";
