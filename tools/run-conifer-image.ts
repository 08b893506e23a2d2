import { join } from "node:path";
import { ClusterError } from "./cluster/cluster-error.ts";
import { tellOnError } from "./cluster/tell-progress.ts";
import {
  type ConiferImageCommand,
  readConiferImageArguments,
  USAGE,
} from "./conifer-image/conifer-image-arguments.ts";
import { makeConiferImage } from "./conifer-image/make-conifer-image.ts";
import { EXIT_STATUS, ImageError } from "./images/image-error.ts";
import { imagesFolder } from "./images/images-folder.ts";

/** `npm run image`: Conifer's own image. */
async function main(args: readonly string[]): Promise<number> {
  try {
    await run(readConiferImageArguments(args));
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof ImageError || thrown instanceof ClusterError)) throw thrown;
    process.stderr.write(`${thrown.message}\n`);
    return EXIT_STATUS[thrown.failure];
  }
}

async function run(command: ConiferImageCommand): Promise<void> {
  switch (command.verb) {
    case "help":
      process.stdout.write(USAGE);
      return;
    case "make": {
      const made = await makeConiferImage({
        cache: join(imagesFolder(process.env), "conifer"),
        repository: join(import.meta.dirname, ".."),
        architectures: command.architectures,
        tell: tellOnError,
      });
      console.log(command.json ? JSON.stringify(made, undefined, 2) : made.folder);
    }
  }
}

process.exitCode = await main(process.argv.slice(2));
