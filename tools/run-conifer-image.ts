import { existsSync } from "node:fs";
import { join } from "node:path";
import { tellOnError } from "../cli/src/cluster/tell-steps.ts";
import { ClusterError } from "./cluster/cluster-error.ts";
import {
  type ConiferImageCommand,
  readConiferImageArguments,
  USAGE,
  type WhatToMake,
} from "./conifer-image/conifer-image-arguments.ts";
import { openLayout, openRepository } from "./conifer-image/image-source.ts";
import { makeConiferImage } from "./conifer-image/make-conifer-image.ts";
import { withRegistry } from "./conifer-image/open-registry.ts";
import { pushImage } from "./conifer-image/push-image.ts";
import { readPublicKey } from "./conifer-image/signing-key.ts";
import { verifyImage } from "./conifer-image/verify-image.ts";
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
      const made = await make(command);
      console.log(command.json ? JSON.stringify(made, undefined, 2) : made.folder);
      return;
    }
    case "push":
      return await push(command);
    case "verify": {
      const { digest, platforms } = await verify(command);
      console.log(`${digest} is signed with this key, and whole: ${platforms.join(", ")}`);
    }
  }
}

function make({ architectures, purpose }: WhatToMake) {
  return makeConiferImage({
    cache: join(imagesFolder(process.env), "conifer"),
    repository: join(import.meta.dirname, ".."),
    ...{ architectures, purpose },
    signingKey: process.env.CONIFER_SIGNING_KEY,
    tell: tellOnError,
  });
}

async function push(command: Extract<ConiferImageCommand, { verb: "push" }>): Promise<void> {
  const { reference, registry, json } = command;
  const [name = ""] = reference.split("@");
  if (name !== reference) throw new ImageError("usage", "An image is pushed under a tag, not a digest.");
  const work = async ({
    client,
    repository,
    name: tag,
  }: Parameters<Parameters<typeof withRegistry>[2]["work"]>[0]) => {
    const made = await make(command);
    const digest = await pushImage(made.folder, { client, repository, tag, tell: tellOnError });
    return { ...made, pushed: `${reference}@${digest}` };
  };
  const made = await withRegistry(reference, registry, { environment: process.env, work });
  console.log(json ? JSON.stringify(made, undefined, 2) : made.pushed);
}

async function verify({ image, key, registry }: Extract<ConiferImageCommand, { verb: "verify" }>) {
  const publicKey = await readPublicKey(key);
  if (existsSync(join(image, "index.json"))) {
    const layout = await openLayout(image);
    return await verifyImage(layout, layout.listed[0]?.digest ?? "", publicKey);
  }
  return await withRegistry(image, registry, {
    environment: process.env,
    work: ({ client, repository, name }) => verifyImage(openRepository(client, repository), name, publicKey),
  });
}

process.exitCode = await main(process.argv.slice(2));
