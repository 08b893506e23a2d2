/** Certificate and key of a client, PEM. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What proves who we are; asked for before each request, so that what rotates is taken over. */
export interface KubeCredentials {
  readonly token?: string;
  readonly certificate?: ClientCertificate;
}

/** Where an API server is and how it is spoken to. */
export interface KubeAccess {
  /** Origin, and a path in front of the API's where a proxy has one; without a slash at the end. */
  readonly server: string;
  /** PEM; undefined: the usual authorities. */
  readonly ca: string | undefined;
  readonly serverName: string | undefined;
  readonly insecure: boolean;
  /** The namespace of the context, `default` where it names none. */
  readonly namespace: string;
  credentials(): Promise<KubeCredentials>;
}
