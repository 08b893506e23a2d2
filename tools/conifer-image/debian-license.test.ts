import { describe, expect, it } from "vitest";
import { readLicense, spdxName } from "./debian-license.ts";

describe("a license's short name in Debian", () => {
  it.each([
    ["GPL-2", "GPL-2.0-only"],
    ["GPL-2+", "GPL-2.0-or-later"],
    ["GPL-3.0+", "GPL-3.0-or-later"],
    ["LGPL-2.1+", "LGPL-2.1-or-later"],
    ["GFDL-1.3", "GFDL-1.3-only"],
    ["Expat", "MIT"],
    ["MIT", "MIT"],
    ["BSD-3-clause", "BSD-3-Clause"],
    ["Apache-2.0", "Apache-2.0"],
    ["zlib", "Zlib"],
  ])("%s is %s", (short, wanted) => expect(spdxName(short)).toBe(wanted));

  it.each(["", "BSD-variant", "public-domain", "GPL", "GPL-2+ with exception", "constructor", "GPLv2"])(
    "%j is unknown",
    (short) => expect(spdxName(short)).toBeUndefined(),
  );
});

describe("a copyright file", () => {
  const format = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n";

  it("tells all licenses it names, each once", () => {
    const text = `${format}Files: *\nLicense: GPL-2+ and Expat\n text\n\nFiles: a\nLicense: Expat\n\nLicense: BSD-3-clause\n`;
    expect(readLicense(text)).toBe("BSD-3-Clause AND GPL-2.0-or-later AND MIT");
    expect(readLicense(`${format}License: GPL-2 or LGPL-2.1, Expat\n`)).toBe(
      "GPL-2.0-only AND LGPL-2.1-only AND MIT",
    );
  });

  it.each([
    ["is written for people only", "This package is under the GPL-2."],
    ["names one that is not known", `${format}License: GPL-2\n\nLicense: public-domain\n`],
    ["names none", format],
    ["is not there", ""],
  ])("tells nothing when it %s", (_, text) => expect(readLicense(text)).toBeUndefined());
});
