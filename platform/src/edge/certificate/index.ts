export {
  type CertificateAuthority,
  type CertificateAuthorityOptions,
  type IssuedCertificate,
  openCertificateAuthority,
} from "./certificate-authority.ts";
export {
  type CertificateCacheOptions,
  type CertificateFor,
  makeCertificateCache,
} from "./certificate-cache.ts";
