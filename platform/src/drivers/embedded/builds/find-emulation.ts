import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { invalidParams } from "../../../kernel/index.ts";
import type { HostRelease } from "../images/index.ts";

type Architecture = HostRelease["architecture"];

/** A handler of binfmt_misc, as the kernel shows it: a file with a line for each of its settings. */
export interface BinaryHandler {
  readonly name: string;
  readonly text: string;
}

/** Where the kernel shows its handlers, when the file system is mounted. */
export const HANDLERS = "/proc/sys/fs/binfmt_misc";

/** `e_machine` of elf(5). */
const MACHINES: Readonly<Record<Architecture, number>> = { amd64: 0x3e, arm64: 0xb7 };
/** `EI_OSABI`, by which some programs of the same machine differ. */
const SYSTEM_V = 0;

/** The first 20 bytes of a program for 64-bit Linux with these processors: what handlers compare. */
function headerOf(architecture: Architecture): Buffer {
  const header = Buffer.alloc(20);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, SYSTEM_V]).copy(header);
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(MACHINES[architecture], 18);
  return header;
}

/**
 * Why programs for these processors do not run in a sandbox; undefined when they do. A handler counts by what it matches,
 * whatever it is called; without the flag F the kernel would look for the emulator among the sandbox's own files.
 */
export function whyNotEmulated(
  architecture: Architecture,
  status: string | undefined,
  handlers: readonly BinaryHandler[],
): string | undefined {
  if (status === undefined) return `${HANDLERS} is not mounted`;
  if (!status.startsWith("enabled")) return `${HANDLERS} is disabled`;
  const fitting = handlers.filter(({ text }) => matches(text, headerOf(architecture)));
  if (fitting.length === 0) return "the kernel has no handler for them";
  if (fitting.some(({ text }) => /^flags:.*F/m.test(text))) return undefined;
  return `the kernel's handler ${fitting[0]?.name} is registered without the flag F, so that it is not seen in sandboxes`;
}

function matches(text: string, header: Buffer): boolean {
  const field = (name: string) => new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1];
  const magic = Buffer.from(field("magic") ?? "", "hex");
  if (!/^enabled$/m.test(text) || magic.length === 0 || field("offset") !== "0") return false;
  const given = field("mask");
  const mask = given === undefined ? Buffer.alloc(magic.length, 0xff) : Buffer.from(given, "hex");
  return [...magic].every((byte, n) => {
    const bits = mask[n] ?? 0xff;
    return (byte & bits) === ((header[n] ?? 0) & bits);
  });
}

/** Looks whether this machine runs programs for other processors. Throws invalid_params with what its operator can do. */
export async function requireEmulation(architecture: Architecture, folder = HANDLERS): Promise<void> {
  const status = await readFile(join(folder, "status"), "utf8").catch(() => undefined);
  const names = await readdir(folder).catch(() => []);
  const handlers = await Promise.all(
    names
      .filter((name) => name !== "status" && name !== "register")
      .map(async (name) => ({ name, text: await readFile(join(folder, name), "utf8").catch(() => "") })),
  );
  const why = whyNotEmulated(architecture, status, handlers);
  if (why === undefined) return;
  throw invalidParams(
    `The source wants an image for ${architecture}, and this machine cannot run such programs: ${why}. ` +
      "Its operator installs QEMU: apt-get install qemu-user-static (Debian 12, Ubuntu) or qemu-user-binfmt (Debian 13), " +
      "then systemctl restart systemd-binfmt. Or remove architectures from project.toml.",
  );
}
