/** What the router must know of an app, from the control plane. Where its dynos are comes from the engine. */
export interface AppRoute {
  readonly appId: string;
  readonly appName: string;
  /** Host names in lower case without port: the default domain and any other. */
  readonly hosts: readonly string[];
  readonly maintenance: boolean;
  /** False until a release has an image: H81. */
  readonly released: boolean;
  /** How many web dynos are asked for; 0 answers H14. */
  readonly webQuantity: number;
}

/** A web dyno that may get requests. Only `up` ones have an address. */
export interface Endpoint {
  readonly dynoId: string;
  readonly name: string;
  /** `idle`: it sleeps, and is to be woken. */
  readonly state: "starting" | "up" | "crashed" | "idle";
  /** The app sleeps when it has no requests: the engine wants to hear of them. */
  readonly sleeps?: true;
  readonly address?: { readonly host: string; readonly port: number };
}

/** What a watch of an engine yields: first all apps, then the whole new set of each app that changed. */
export type EndpointNews =
  | { readonly kind: "all"; readonly apps: Readonly<Record<string, readonly Endpoint[]>> }
  | { readonly kind: "app"; readonly appId: string; readonly endpoints: readonly Endpoint[] };
