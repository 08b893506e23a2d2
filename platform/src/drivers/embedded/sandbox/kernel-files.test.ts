import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { findKernelFiles } from "./kernel-files.ts";

const proc = mkdtempSync(join(tmpdir(), "conifer-proc-"));
afterEach(() => rmSync(proc, { recursive: true }));

test("what the kernel has is found, and what it has not is left out", () => {
  for (const folder of ["sys", "scsi", "self"]) mkdirSync(join(proc, folder));
  for (const file of ["sysrq-trigger", "keys", "interrupts", "cpuinfo", "meminfo"])
    writeFileSync(join(proc, file), "");
  expect(findKernelFiles(proc)).toEqual({
    readOnly: ["sys", "sysrq-trigger"],
    emptyFiles: ["interrupts", "keys"],
    emptyFolders: ["scsi"],
  });
});
