import { collectionSuite } from "../../../delivery/registry/collection-suite.ts";
import { openSweptBucket } from "./s3-sweep-fixtures.ts";

collectionSuite("a bucket in memory", async () => openSweptBucket(), { rounds: 25, comebacks: 12, ends: 12 });
