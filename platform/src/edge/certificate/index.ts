export { type IssuedCertificate, openCertificateAuthority } from "./certificate-authority.ts";
export { makeCertificateCache } from "./certificate-cache.ts";
export { type GivenCertificate, openGivenCertificate } from "./given-certificate.ts";
