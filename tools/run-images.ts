import { tellOnError } from "../cli/src/cluster/tell-steps.ts";
import { ClusterError } from "./cluster/cluster-error.ts";
import { readImageArguments, USAGE } from "./images/image-arguments.ts";
import { EXIT_STATUS, ImageError } from "./images/image-error.ts";
import { imagesFolder } from "./images/images-folder.ts";
import { makeBuilderImage } from "./images/make-builder-image.ts";
import { makeRunImage } from "./images/make-run-image.ts";

/** `npm run images`: the images that apps of a cluster stand on and are built in. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const wishes = readImageArguments(args);
    if (wishes.help) process.stdout.write(USAGE);
    else {
      const make = wishes.kind === "builder" ? makeBuilderImage : makeRunImage;
      const image = await make(imagesFolder(process.env), tellOnError, wishes.architecture);
      console.log(wishes.json ? JSON.stringify(image, undefined, 2) : image.folder);
    }
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof ImageError || thrown instanceof ClusterError)) throw thrown;
    process.stderr.write(`${thrown.message}\n`);
    return EXIT_STATUS[thrown.failure];
  }
}

process.exitCode = await main(process.argv.slice(2));
