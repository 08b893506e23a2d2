import { openDiskImageStore } from "./disk-image-store.ts";
import { openImageUnpacker } from "./unpack-image.ts";
import { TEST_HOST } from "./unpacked-images-fixtures.ts";

/** A process that unpacks an image, to be killed in the middle: `<store> <folder> <digest>`. Says when it begins and ends. */
const [images = "", folder = "", digest = ""] = process.argv.slice(2);
const unpack = await openImageUnpacker({ store: await openDiskImageStore(images), folder, host: TEST_HOST });
console.log("begins");
await unpack(digest);
console.log("ends");
