import { afterAll, beforeAll, describe } from "vitest";
import { imageStoreSuite } from "../../../delivery/image/image-store-suite.ts";
import { registrySuite } from "../../../delivery/registry/registry-suite.ts";
import { repositoryRecordsSuite } from "../../../delivery/registry/repository-records-suite.ts";
import { specificationSuite } from "../../../delivery/registry/specification-suite.ts";
import { uploadStoreSuite } from "../../../delivery/registry/upload-store-suite.ts";
import { newId } from "../../../kernel/index.ts";
import { openS3Bucket } from "../client/s3-bucket.ts";
import { noS3Server, type S3Server, startS3Server } from "../client/s3-server-fixtures.ts";
import { openS3Images } from "./open-s3-images.ts";

const NAME = "a bucket of an S3 server";

describe.skipIf(noS3Server)(`S3${noS3Server ? ` (${noS3Server})` : ""}`, () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server();
  });
  afterAll(() => server?.stop());

  /** Each has a prefix of its own. */
  const makeStores = async () => {
    const bucket = openS3Bucket({ ...server.settings, prefix: `${newId()}/` });
    const now = () => new Date();
    return {
      ...openS3Images(bucket, { now, mostBytes: 4_000_000, mostUploads: 20 }),
      dispose: () => bucket.stop(),
    };
  };
  registrySuite(NAME, makeStores);
  specificationSuite(NAME, makeStores);
  repositoryRecordsSuite(NAME, makeStores);
  uploadStoreSuite(NAME, makeStores);
  imageStoreSuite(NAME, async () => {
    const { content, dispose } = await makeStores();
    return { store: content, dispose };
  });
});
