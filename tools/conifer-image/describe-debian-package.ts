import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DebianPackage } from "../../buildpacks/shared/apt-output.ts";
import { readLicense } from "./debian-license.ts";
import type { SbomPackage } from "./sbom-package.ts";

/** What a bill of materials tells of a package that was unpacked into a root. */
export async function describeDebianPackage(
  root: string,
  { name, version, architecture, sha256, record }: DebianPackage,
): Promise<SbomPackage> {
  const copyright = await readFile(join(root, "usr/share/doc", name, "copyright"), "utf8").catch(() => "");
  const field = (key: string) => new RegExp(`^${key}: (.*)$`, "m").exec(record)?.[1]?.trim();
  const [license, homepage] = [readLicense(copyright), field("Homepage")];
  return {
    ...{ kind: "deb", name, version, architecture, checksum: { algorithm: "SHA256", hex: sha256 } },
    ...(license === undefined ? {} : { license }),
    ...(homepage === undefined ? {} : { homepage }),
  };
}
