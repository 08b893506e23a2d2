import { generateKeyPairSync } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { Readable } from "node:stream";
import { writeLayer } from "../../buildpacks/lifecycle/image-layout.ts";
import { MEDIA, makeIndex } from "../../platform/src/delivery/image/index.ts";
import { attachSbom, attachSignature, REFERENCE_NAME } from "./attach-artifacts.ts";
import type { ConiferVersion } from "./conifer-config.ts";
import { ImageFolder } from "./image-folder.ts";
import type { SbomPackage } from "./sbom-package.ts";
import type { SigningKey } from "./signing-key.ts";
import { writePlatform } from "./write-platform.ts";

export const TEST_VERSION: ConiferVersion = {
  ...{ version: "1.2.3", revision: "abc", license: "Apache-2.0" },
  created: new Date("2026-01-02T03:04:05Z"),
};
export const TEST_RELEASE = { id: "debian", version: "12", codename: "bookworm" } as const;
export const TEST_PACKAGES: readonly SbomPackage[] = [
  {
    ...{ kind: "deb", name: "libstdc++6", version: "1:12.2+x", architecture: "amd64", license: "MIT" },
    ...{ checksum: { algorithm: "SHA256", hex: "ab" }, homepage: "https://gcc.example/" },
  },
  { kind: "npm", name: "@scope/a", version: "1.0.0", license: "(MIT OR CC0-1.0)" },
  { kind: "npm", name: "scope-a", version: "1.0.0", license: "SEE LICENSE IN x", homepage: "no address" },
];

export function testKey(): SigningKey {
  return { ...generateKeyPairSync("ec", { namedCurve: "prime256v1" }), id: "test" };
}

/** An image of one small layer for each platform, with all that Conifer's own has. Returns the index's digest. */
export async function makeSmallImage(path: string, key: SigningKey): Promise<string> {
  await mkdir(path, { recursive: true });
  const layout = new ImageFolder(path);
  const layer = async (text: string) => ({
    ...(await writeLayer(path, Readable.from([Buffer.from(text)]))),
    what: text,
  });
  const sources = await layer("sources");
  const images = [];
  for (const architecture of ["amd64", "arm64"] as const) {
    const sets = [
      { folder: path, layers: [await layer(`base of ${architecture}`)], packages: TEST_PACKAGES },
    ];
    images.push(
      await writePlatform(layout, { architecture, purpose: "cluster", sets, sources, version: TEST_VERSION }),
    );
  }
  const { descriptor } = await layout.write(MEDIA.index, makeIndex(images.map((one) => one.descriptor)));
  layout.list({ ...descriptor, annotations: { [REFERENCE_NAME]: "1.2.3" } });
  for (const { architecture, descriptor: subject, packages } of images) {
    const billed = { name: "conifer/conifer", version: TEST_VERSION, architecture, packages };
    await attachSbom(layout, subject, { ...billed, digest: subject.digest, release: TEST_RELEASE });
  }
  await attachSignature(layout, { digest: descriptor.digest, reference: "conifer/conifer" }, key);
  await layout.finish();
  return descriptor.digest;
}
