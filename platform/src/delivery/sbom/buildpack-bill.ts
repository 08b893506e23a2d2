import { errorText } from "../../kernel/index.ts";
import type { Component } from "./component.ts";
import { type Found, found, jsonObject, listOf, objectOf } from "./found-package.ts";
import { parsePackageUrl } from "./package-url.ts";

/**
 * The forms a buildpack may write its bills in, the one we prefer first: each tells of the same packages (Buildpack API
 * 0.10, "Software-Bill-of-Materials").
 */
const READERS = [
  ["sbom.cdx.json", readCycloneDx],
  ["sbom.spdx.json", readSpdx],
  ["sbom.syft.json", readSyft],
] as const;

/** A file of an image's layer of bills. */
export type BillFile =
  | { readonly path: string; readonly text: string }
  | { readonly path: string; readonly left: string };

/** `<buildpack>/<layer>/sbom.<form>.json` below the folder of bills; the buildpack's own bill has no layer. */
const PLACE = /(?:^|\/)sbom\/launch\/([^/]+)\/(?:[^/]+\/)?(sbom\.(?:cdx|spdx|syft)\.json)$/s;

export function isBillPath(path: string): boolean {
  return PLACE.test(path);
}

/** The packages that buildpacks tell of, and a remark for each bill that could not be read. */
export function readBuildpackBills(files: readonly BillFile[]): {
  readonly components: readonly Component[];
  readonly remarks: readonly string[];
} {
  const byFolder = Map.groupBy(files, ({ path }) => path.slice(0, path.lastIndexOf("/")));
  const components: Component[] = [];
  const remarks: string[] = [];
  for (const [folder, bills] of byFolder) {
    const from = [idOf(`${folder}/sbom.cdx.json`)];
    for (const [name, read] of READERS) {
      const bill = bills.find(({ path }) => path.endsWith(`/${name}`));
      if (!bill) continue;
      try {
        if ("left" in bill) throw new Error(bill.left);
        for (const one of read(bill.text)) components.push({ ...one, from });
        break;
      } catch (thrown) {
        remarks.push(`The bill ${name} of ${from[0]} could not be read: ${errorText(thrown)}.`);
      }
    }
  }
  return { components, remarks };
}

/** Folders of buildpacks write the slashes of ids as underscores. */
function idOf(path: string): string {
  return (PLACE.exec(path)?.[1] ?? "").replace("_", "/").slice(0, 200);
}

function readCycloneDx(text: string): readonly Found[] {
  const all: Found[] = [];
  const waiting = [...listOf(jsonObject(text).components)];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    waiting.push(...listOf(one.components));
    const [first] = listOf(one.licenses);
    const license = first?.expression ?? objectOf(first?.license)?.id;
    all.push(...fromUrl(one.purl, license, one.scope === "excluded"));
  }
  return all;
}

function readSpdx(text: string): readonly Found[] {
  return listOf(jsonObject(text).packages).flatMap((one) => {
    const url = listOf(one.externalRefs).find(({ referenceType }) => referenceType === "purl");
    const license = one.licenseDeclared === "NOASSERTION" ? undefined : one.licenseDeclared;
    return fromUrl(url?.referenceLocator, license, false);
  });
}

function readSyft(text: string): readonly Found[] {
  return listOf(jsonObject(text).artifacts).flatMap(({ purl }) => fromUrl(purl, undefined, false));
}

/** What has no package URL is a file or a folder: nothing to look for. */
function fromUrl(purl: unknown, license: unknown, development: boolean): readonly Found[] {
  const url = typeof purl === "string" ? parsePackageUrl(purl) : undefined;
  if (!url) return [];
  const { type, name, version, qualifiers } = url;
  return found(type, name, version, {
    ...(typeof license === "string" && license !== "" ? { license } : {}),
    ...(Object.keys(qualifiers).length > 0 ? { qualifiers } : {}),
    development,
  });
}
