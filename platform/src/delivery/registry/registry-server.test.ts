import { makeFakeRegistryStores } from "./registry-fake.ts";
import { registrySuite } from "./registry-suite.ts";
import { repositoryRecordsSuite } from "./repository-records-suite.ts";
import { specificationSuite } from "./specification-suite.ts";
import { uploadStoreSuite } from "./upload-store-suite.ts";

const dispose = async () => {};

registrySuite("fake stores", async () => ({ ...makeFakeRegistryStores(), dispose }));
specificationSuite("fake stores", async () => ({ ...makeFakeRegistryStores(), dispose }));
repositoryRecordsSuite("fake", async () => ({ records: makeFakeRegistryStores().records, dispose }));
uploadStoreSuite("fake", async () => ({ ...makeFakeRegistryStores(), dispose }));
