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
  /** The kubeconfig's context; undefined where there is none, as in a pod. */
  readonly context?: string;
  /** The namespace of the context, `default` where it names none. */
  readonly namespace: string;
  /**
   * `refused` are those that the server has just answered with 401: they are read anew, and may come back the same.
   * Throws when a file is missing or a program fails; the next call tries again.
   */
  credentials(refused?: KubeCredentials): Promise<KubeCredentials>;
}

export function areSameCredentials(one: KubeCredentials, other: KubeCredentials): boolean {
  return one.token === other.token && isSameCertificate(one.certificate, other.certificate);
}

export function isSameCertificate(
  one: ClientCertificate | undefined,
  other: ClientCertificate | undefined,
): boolean {
  return one?.cert === other?.cert && one?.key === other?.key;
}
