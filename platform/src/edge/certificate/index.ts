export { CertificatesOnDemand } from "./ask-for-certificates.ts";
export type { AskedCertificate, AuthorityTrouble } from "./asked-certificate.ts";
export {
  type AskedCertificates,
  readAskedCertificates,
  readSecret,
  writeSecret,
} from "./asked-certificate-files.ts";
export { type IssuedCertificate, openCertificateAuthority } from "./certificate-authority.ts";
export { makeCertificateCache } from "./certificate-cache.ts";
export { type CertificateIssuer, type CertificateOrder, IssueError } from "./certificate-ports.ts";
export { type GivenCertificate, openGivenCertificate } from "./given-certificate.ts";
export { openKeptCertificate } from "./kept-certificate.ts";
