/** What a store knows a caller by. All of it but the key's id is secret. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** A place in a store that speaks the S3 API, and how it is reached. */
export interface S3Settings {
  readonly bucket: string;
  /** Before every key: empty, or with a slash at its end. */
  readonly prefix: string;
  /** Scheme, host and port. */
  readonly endpoint: string;
  readonly region: string;
  /** Where the bucket stands in an address: in its path, or before the host's name. */
  readonly addressing: "path" | "host";
  /** Asked for each request, so that credentials may be replaced while the process runs. */
  readonly credentials: () => Promise<S3Credentials>;
  /** Certificates (PEM) that are trusted in place of the usual ones. */
  readonly ca?: string | undefined;
  readonly proxies?: S3Proxies | undefined;
}

/** Addresses of proxies, and the hosts that are called without one; empty for none. */
export interface S3Proxies {
  readonly http: string;
  readonly https: string;
  readonly none: string;
}

export interface S3Place {
  readonly bucket: string;
  readonly prefix: string;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX = /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}\/){0,8}$/;

/** Reads `s3://<bucket>/<prefix>`; undefined when it is something else. */
export function parseS3Place(text: string): S3Place | undefined {
  const [, bucket = "", path = ""] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(text) ?? [];
  const trimmed = path.replace(/\/$/, "");
  const prefix = trimmed === "" ? "" : `${trimmed}/`;
  return BUCKET.test(bucket) && !bucket.includes("..") && PREFIX.test(prefix)
    ? { bucket, prefix }
    : undefined;
}

/** The address of a key, or of the bucket itself without one. */
export function addressOf(settings: S3Settings, key: string | undefined): URL {
  const { bucket, addressing, endpoint, prefix } = settings;
  const url = new URL(endpoint);
  const path = key === undefined ? "" : encodeKey(`${prefix}${key}`);
  if (addressing === "host") url.hostname = `${bucket}.${url.hostname}`;
  url.pathname = addressing === "host" ? `/${path}` : `/${bucket}/${path}`;
  return url;
}

/** As signatures want it (RFC 3986): everything but letters, digits, `-._~` and the slash. */
export function encodeKey(key: string): string {
  const asHex = (one: string) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(key)
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, asHex);
}
