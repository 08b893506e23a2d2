import { makeFakeBucket } from "./s3-bucket-fake.ts";
import { s3BucketSuite } from "./s3-bucket-suite.ts";

s3BucketSuite("fake", async () => ({ bucket: makeFakeBucket(), dispose: async () => {} }));
