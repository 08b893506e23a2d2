import type { OciConfig } from "../../platform/src/delivery/image/index.ts";
import { type Architecture, CPU } from "../images/debian-release.ts";
import type { Purpose } from "./conifer-packages.ts";
import type { NamedLayer } from "./kept-layers.ts";
import { CONIFER_USER } from "./make-base-layers.ts";
import { CONIFER_FOLDER } from "./make-module-layers.ts";
import { programFor } from "./source-layers.ts";

/** Which Conifer an image holds. */
export interface ConiferVersion {
  readonly version: string;
  /** The commit; missing where the sources are no clone. */
  readonly revision?: string;
  /** When the commit was made: images have no other time, so that the same sources give the same image. */
  readonly created: Date;
  readonly license: string;
}

/** The annotations and labels of everything that belongs to it (image-spec, "Pre-Defined Annotation Keys"). */
export function coniferLabels(
  { version, revision, created, license }: ConiferVersion,
  purpose: Purpose,
): Record<string, string> {
  return {
    "org.opencontainers.image.created": timeOf(created),
    "org.opencontainers.image.description": DESCRIPTION[purpose],
    "org.opencontainers.image.licenses": license,
    ...(revision === undefined ? {} : { "org.opencontainers.image.revision": revision }),
    "org.opencontainers.image.title": "Conifer",
    "org.opencontainers.image.version": version,
  };
}

const DESCRIPTION: Readonly<Record<Purpose, string>> = {
  cluster: "All roles of a Conifer installation in a cluster.",
  machine: "Conifer on one machine: API, router, builds, dynos and database.",
};

/** In seconds, as image documents have it. */
export function timeOf(created: Date): string {
  return created.toISOString().replace(/\.\d+Z$/, "Z");
}

/** What an image is put together from, as its config tells it. */
export interface ConfigParts {
  readonly version: ConiferVersion;
  readonly architecture: Architecture;
  readonly purpose: Purpose;
  /** The lowest first. */
  readonly layers: readonly NamedLayer[];
}

export function makeConiferConfig({ version, architecture, purpose, layers }: ConfigParts): OciConfig {
  const created = timeOf(version.created);
  const node = `${CONIFER_FOLDER}/node_modules/node-linux-${CPU[architecture]}/bin`;
  const own = purpose === "machine" ? machineSettings() : { Env: [] };
  return {
    created,
    architecture,
    os: "linux",
    config: {
      User: `${CONIFER_USER.uid}:${CONIFER_USER.gid}`,
      ...own,
      Env: [
        `PATH=${purpose === "machine" ? `${CONIFER_FOLDER}/bin:` : ""}${node}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
        `CONIFER_HOME=${CONIFER_USER.home}`,
        ...own.Env,
      ],
      Entrypoint: [programFor(purpose)],
      WorkingDir: CONIFER_FOLDER,
      Labels: coniferLabels(version, purpose),
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ what }) => ({ created, created_by: what })),
  };
}

/** Ports and settings of one machine, and what Docker reads of an image beside image-spec: how its health is asked for. */
function machineSettings() {
  const second = 1e9;
  return {
    Env: ["CONIFER_LISTEN=0.0.0.0", "CONIFER_ROUTER_PORT=80", "CONIFER_ROUTER_TLS_PORT=443", "NO_COLOR=1"],
    ExposedPorts: { "80/tcp": {}, "443/tcp": {}, "6400/tcp": {} },
    Volumes: { [CONIFER_USER.home]: {} },
    StopSignal: "SIGTERM",
    Healthcheck: {
      Test: ["CMD", programFor("machine"), "ready"],
      ...{ Interval: 30 * second, Timeout: 10 * second, StartPeriod: 120 * second, Retries: 3 },
    },
  };
}
