import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LiveNode } from "./cluster-processes.ts";
import { PAUSE_IMAGE } from "./node-files.ts";
import { runInNode, startInNode } from "./node-programs.ts";
import { packImage } from "./pack-image.ts";
import { waitUntil } from "./wait-for.ts";

interface ContainerStart {
  readonly node: LiveNode;
  readonly programs: string;
  readonly logs: string;
  /** The node's folder, which holds containerd's settings. */
  readonly folder: string;
}

/** `ctr` on the images that the kubelet sees. */
const CTR = ["ctr", "-n", "k8s.io"];

/** Starts a node's containerd, waits until it answers, and gives it the image that every pod needs. */
export async function startContainers(start: ContainerStart): Promise<void> {
  const { node, programs, logs, folder } = start;
  const settings = join(folder, "containerd.toml");
  const args = ["--config", settings, "--log-level", "warn"];
  await startInNode({ node, command: { program: "containerd", args, settings }, logs });
  await waitUntil({
    what: `containerd of node${node.number}`,
    within: 60_000,
    ask: () => runInNode(node.pid, ["ctr", "version"]),
    hint: `See ${logs}/containerd.log.`,
  });
  const pause = { source: join(programs, "pause"), target: "/pause" };
  const there = (await runInNode(node.pid, [...CTR, "images", "ls", "-q"])).split("\n");
  if (!there.includes(PAUSE_IMAGE)) await giveImage(node, folder, await packImage(PAUSE_IMAGE, [pause]));
}

async function giveImage(node: LiveNode, folder: string, archive: Buffer): Promise<void> {
  const file = join(folder, `image-${process.pid}.tar`);
  try {
    await writeFile(file, archive);
    await giveArchive(node, file);
  } finally {
    if (existsSync(file)) await rm(file, { force: true });
  }
}

const MOST_TRIES = 3;

/**
 * Gives a node the image in an OCI archive that it can see. One of the same name is replaced: containerd then forgets the
 * old one's layers, and may do so with a shared one just after it was found to be there. It is unpacked again.
 */
export async function giveArchive(node: LiveNode, file: string): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      await runInNode(node.pid, [...CTR, "images", "import", file]);
      return;
    } catch (thrown) {
      const isGone = thrown instanceof Error && /parent snapshot .* does not exist/.test(thrown.message);
      if (!isGone || tried === MOST_TRIES) throw thrown;
    }
  }
}
