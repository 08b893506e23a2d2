/** Where apps may live and what they are built on. Ids are fixed: clients keep them. */
export interface Region {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly country: string;
  readonly locale: string;
  readonly providerRegion: string;
}

/**
 * The names of Heroku's two regions, so that scripts keep working. On one machine or one cluster they are labels:
 * everything runs where Conifer runs.
 */
export const regions: readonly Region[] = [
  {
    id: "59accabd-516d-4f0e-83e6-6e3757701145",
    name: "us",
    description: "United States",
    country: "United States",
    locale: "Virginia",
    providerRegion: "us-east-1",
  },
  {
    id: "ed30241c-ed8c-4bb6-9714-61953675d0b4",
    name: "eu",
    description: "Europe",
    country: "Ireland",
    locale: "Dublin",
    providerRegion: "eu-west-1",
  },
];

export interface Stack {
  readonly id: string;
  readonly name: string;
  readonly default: boolean;
  readonly state: "public" | "beta" | "deprecated";
}

/** The stack of apps that are made of container images. */
export const CONTAINER_STACK = "container";

/** Cloud Native Buildpacks build source code; the apps of `container` bring images, or Dockerfiles to make them of. */
export const stacks: readonly Stack[] = [
  { id: "9d2b4d6c-6d0c-4f7e-8f0a-6c3f1c8f2a10", name: "cnb", default: true, state: "public" },
  { id: "3a0f1d52-7b1e-4c83-9a57-5e0d2c9b6f41", name: CONTAINER_STACK, default: false, state: "public" },
];

export interface Generation {
  readonly id: string;
  readonly name: "cedar" | "fir";
  /** What Conifer cannot do for apps of this generation because the stock client refuses it. */
  readonly unsupportedFeatures: readonly string[];
}

/** A label that the client changes its behavior by; the machinery is one. (design §5) */
export const generations: readonly Generation[] = [
  { id: "1c3f5f0e-29f8-4a5e-9f51-62d1b0a0c8c1", name: "cedar", unsupportedFeatures: [] },
  { id: "6b7f2c53-8e8a-4a3c-9d0d-3a3d9b6f1e27", name: "fir", unsupportedFeatures: [] },
];

/** Finds by id or name, whatever the case. */
export function findByIdentity<T extends { readonly id: string; readonly name: string }>(
  items: readonly T[],
  identity: string,
): T | undefined {
  const wanted = identity.toLowerCase();
  return items.find((item) => item.id === wanted || item.name === wanted);
}

export const defaultRegion = "us";
export const defaultStack = "cnb";
