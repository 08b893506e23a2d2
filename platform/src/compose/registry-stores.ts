import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import type { ImageCollection } from "../delivery/image/index.ts";
import type {
  RepositoryManagement,
  RepositoryRecords,
  ServedContent,
  Swept,
  UploadStore,
} from "../delivery/registry/index.ts";
import {
  openDiskImageStore,
  openDiskRepositories,
  openDiskUploads,
  startImageCollector,
} from "../drivers/embedded/images/index.ts";
import { makeRequireRoom } from "../drivers/files/room/index.ts";
import {
  credentialsOfFolder,
  openS3Bucket,
  type S3Bucket,
  S3RequestError,
} from "../drivers/s3/client/index.ts";
import { checkBucket, openS3Images } from "../drivers/s3/images/index.ts";
import { type Logger, type Running, systemClock } from "../kernel/index.ts";
import type { Config, S3Storage } from "./config.ts";

/** What holds the registry's images, wherever that is. */
export interface RegistryStores {
  readonly content: ServedContent;
  readonly records: RepositoryRecords & RepositoryManagement;
  readonly uploads: UploadStore;
  /** Begins nothing by itself: a collection is asked for. */
  collector(swept: Swept): ImageCollection & Running;
  close(): Promise<void>;
}

/** As large as the largest image of the builder of this machine. */
const BLOB_BYTES = 8 * 1024 ** 3;
const UPLOADS_OF_A_REPOSITORY = 64;

/**
 * The stores that the settings name. Throws S3RequestError when a bucket cannot be used as it is set up; one that is only
 * away is told in the log, and used once it is back.
 */
export async function openRegistryStores(config: Config, logger: Logger): Promise<RegistryStores> {
  return config.registryStorage
    ? await openBucket(config.registryStorage, config, logger)
    : await openDisk(config, logger);
}

async function openDisk({ home }: Config, logger: Logger): Promise<RegistryStores> {
  const { images, repositories } = home;
  const content = await openDiskImageStore(images);
  return {
    content,
    records: openDiskRepositories(repositories),
    uploads: await openDiskUploads({
      ...{ images, mostBytes: BLOB_BYTES, mostUploads: UPLOADS_OF_A_REPOSITORY },
      requireRoom: makeRequireRoom(images),
    }),
    collector: (swept) => startImageCollector({ content, images, repositories, logger, swept }),
    close: async () => {},
  };
}

async function openBucket(storage: S3Storage, config: Config, logger: Logger): Promise<RegistryStores> {
  const { credentials, ...place } = storage;
  const bucket = openS3Bucket({
    ...place,
    credentials: "folder" in credentials ? credentialsOfFolder(credentials.folder) : async () => credentials,
    ca: config.caBundle === undefined ? undefined : await withUsual(config.caBundle),
    proxies: proxiesOf(process.env),
  });
  await tellBucket(bucket, place, logger);
  const images = openS3Images(bucket, {
    ...{ now: systemClock, mostBytes: BLOB_BYTES, mostUploads: UPLOADS_OF_A_REPOSITORY },
  });
  return { ...images, collector: (swept) => images.collector(logger, swept), close: () => bucket.stop() };
}

async function tellBucket(
  bucket: S3Bucket,
  { bucket: name, prefix, endpoint }: Pick<S3Storage, "bucket" | "prefix" | "endpoint">,
  logger: Logger,
): Promise<void> {
  const fields = { bucket: name, prefix, endpoint };
  try {
    const { conditionalWrites } = await checkBucket(bucket);
    logger.info("images are kept in a bucket", { ...fields, conditional_writes: conditionalWrites });
    if (!conditionalWrites)
      logger.warn("the store knows no conditional writes: let one registry only use this bucket", fields);
  } catch (thrown) {
    if (!(thrown instanceof S3RequestError) || !thrown.passing) throw thrown;
    logger.error("the registry's store cannot be used yet", { ...fields, error: thrown });
  }
}

function proxiesOf(env: Readonly<Record<string, string | undefined>>) {
  const proxy = (name: string) => env[name] ?? env[name.toLowerCase()] ?? "";
  return { http: proxy("HTTP_PROXY"), https: proxy("HTTPS_PROXY"), none: proxy("NO_PROXY") };
}

/** A store of the public internet has certificates that an operator's own authority has not signed. */
async function withUsual(bundle: string): Promise<string> {
  return [await readFile(bundle, "utf8"), ...rootCertificates].join("\n");
}
