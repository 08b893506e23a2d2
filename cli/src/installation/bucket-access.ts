import type { Installation } from "./installation-names.ts";
import type { Role } from "./role-table.ts";

type Fields = Readonly<Record<string, unknown>>;

const FOLDER = "/etc/conifer/s3";

/** What a pod of the registry is told of the bucket that holds images. Its credentials are files, which may be replaced. */
export interface BucketAccess {
  readonly volumes: readonly Fields[];
  readonly mounts: readonly Fields[];
  readonly environment: readonly { readonly name: string; readonly value: string }[];
}

export function bucketAccess(role: Role, { values }: Pick<Installation, "values">): BucketAccess {
  const place = values["registry.s3"];
  if (role !== "registry" || place === undefined) return { volumes: [], mounts: [], environment: [] };
  const settings = {
    CONIFER_REGISTRY_STORAGE: place,
    CONIFER_S3_ENDPOINT: values["registry.s3Endpoint"],
    CONIFER_S3_REGION: values["registry.s3Region"],
    CONIFER_S3_ADDRESSING: values["registry.s3Addressing"],
    CONIFER_S3_CREDENTIALS: FOLDER,
  };
  return {
    volumes: [{ name: "s3", secret: { secretName: values["registry.s3Credentials"], defaultMode: 0o440 } }],
    mounts: [{ name: "s3", mountPath: FOLDER, readOnly: true }],
    environment: Object.entries(settings).flatMap(([name, value]) =>
      value === undefined ? [] : [{ name, value }],
    ),
  };
}
