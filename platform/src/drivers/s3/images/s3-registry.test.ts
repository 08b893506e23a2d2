import { imageStoreSuite } from "../../../delivery/image/image-store-suite.ts";
import { registrySuite } from "../../../delivery/registry/registry-suite.ts";
import { repositoryRecordsSuite } from "../../../delivery/registry/repository-records-suite.ts";
import { specificationSuite } from "../../../delivery/registry/specification-suite.ts";
import { uploadStoreSuite } from "../../../delivery/registry/upload-store-suite.ts";
import { makeFakeBucket } from "../client/s3-bucket-fake.ts";
import { openS3Images } from "./open-s3-images.ts";

const NAME = "a bucket in memory";

async function makeStores() {
  const bucket = makeFakeBucket();
  const now = () => new Date();
  return { ...openS3Images(bucket, { now, mostBytes: 4_000_000, mostUploads: 20 }), dispose: async () => {} };
}

registrySuite(NAME, makeStores);
specificationSuite(NAME, makeStores);
repositoryRecordsSuite(NAME, makeStores);
uploadStoreSuite(NAME, makeStores);
imageStoreSuite(NAME, async () => {
  const { content, dispose } = await makeStores();
  return { store: content, dispose };
});
