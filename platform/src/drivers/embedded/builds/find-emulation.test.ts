import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { requireEmulation, whyNotEmulated } from "./find-emulation.ts";

// As Debian 12's qemu-user-static registers them.
const ARM64 = `enabled
interpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P
flags: POF
offset 0
magic 7f454c460201010000000000000000000200b700
mask ffffffffffffff00fffffffffffffffffeffffff
`;
const ARM = ARM64.replace("7f454c4602", "7f454c4601").replace("b700", "2800").replace("aarch64", "arm");
const AMD64 = ARM64.replace("b700", "3e00")
  .replace("aarch64", "x86_64")
  .replace("mask ffffffffffffff00", "mask fffffffffffefe00");
const JAR = "enabled\ninterpreter /usr/bin/jexec\nflags: \noffset 0\nmagic 504b0304\n";
const named = (...texts: string[]) => texts.map((text, n) => ({ name: `handler-${n}`, text }));

describe("programs for other processors", () => {
  it.each<[string, string | undefined, string[], string | undefined]>([
    ["run by a handler of any name", "enabled\n", [JAR, ARM, ARM64], undefined],
    ["do not where the file system is not mounted", undefined, [], "/proc/sys/fs/binfmt_misc is not mounted"],
    ["do not where it is turned off", "disabled\n", [ARM64], "/proc/sys/fs/binfmt_misc is disabled"],
    ["do not without a handler", "enabled\n", [], "the kernel has no handler for them"],
    ["do not by handlers of others", "enabled\n", [JAR, ARM, AMD64], "the kernel has no handler for them"],
    [
      "do not by one that is turned off",
      "enabled\n",
      [ARM64.replace("enabled", "disabled")],
      "the kernel has no handler for them",
    ],
    [
      "do not by one for the middle of files",
      "enabled\n",
      [ARM64.replace("offset 0", "offset 4")],
      "the kernel has no handler for them",
    ],
    [
      "do not by one that matches nothing",
      "enabled\n",
      ["enabled\nflags: F\nextension .x\n"],
      "the kernel has no handler for them",
    ],
    [
      "do not in a sandbox where the kernel looks for the emulator there",
      "enabled\n",
      [ARM64.replace("POF", "PO")],
      "the kernel's handler handler-0 is registered without the flag F, so that it is not seen in sandboxes",
    ],
    ["do by the one of two that has the flag", "enabled\n", [ARM64.replace("POF", "PO"), ARM64], undefined],
  ])("%s", (_, status, handlers, why) => {
    expect(whyNotEmulated("arm64", status, named(...handlers))).toBe(why);
  });

  it("are told by the machine that they are for", () => {
    expect(whyNotEmulated("amd64", "enabled\n", named(AMD64))).toBeUndefined();
    expect(whyNotEmulated("amd64", "enabled\n", named(ARM64))).toMatch(/no handler/);
  });

  it("are looked for where the kernel shows its handlers, with what to install", async () => {
    const folder = await mkdtemp(join(tmpdir(), "binfmt-"));
    try {
      await expect(requireEmulation("arm64", join(folder, "none"))).rejects.toThrow(
        /The source wants an image for arm64, .* not mounted\. Its operator installs QEMU: apt-get install qemu-user-static/,
      );
      await writeFile(join(folder, "status"), "enabled\n");
      await writeFile(join(folder, "register"), "");
      await expect(requireEmulation("arm64", folder)).rejects.toMatchObject({ id: "invalid_params" });
      await writeFile(join(folder, "qemu-aarch64"), ARM64);
      await expect(requireEmulation("arm64", folder)).resolves.toBeUndefined();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
