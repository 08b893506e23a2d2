import { invalidParams } from "../../../kernel/index.ts";

/** A buildpack that is not the platform's: the source names or brings it in its `project.toml`. */
export type OwnBuildpack =
  | { readonly kind: "address"; readonly address: string; readonly name: string; readonly sha256?: string }
  /** A folder of the source, by its clean path. */
  | { readonly kind: "folder"; readonly path: string; readonly name: string }
  /** Its `bin/build` stands in the file itself. */
  | { readonly kind: "script"; readonly id: string; readonly api: string; readonly script: string };

const REPOSITORY = /^https:\/\/github\.com\/([A-Za-z0-9-]+)\/([A-Za-z0-9._-]+?)(?:\.git)?\/?$/;
const FINGERPRINT = /^sha256=([0-9a-f]{64})$/i;

/**
 * What the `uri` of a buildpack means (Project Descriptor 0.2, `uri`; classic settings, facts: build §6):
 * `https://github.com/<owner>/<name>#<ref>` is that repository; another address is a tar, with `#sha256=<hex>` one of that
 * SHA-256; a relative path is a folder of the source. Throws invalid_params for all else.
 */
export function readBuildpackUri(uri: string): OwnBuildpack {
  if (/^https?:\/\//i.test(uri)) return readAddress(uri);
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1];
  if (scheme)
    throw invalidParams(
      `project.toml asks for the buildpack ${uri}, and ${scheme}: is not fetched. Name a platform's buildpack by its ` +
        "id, give the https:// address of a .tgz or of a GitHub repository, or a folder of the source.",
    );
  const parts = uri.split("/").filter((part) => part !== "" && part !== ".");
  if (uri.startsWith("/") || parts.includes("..") || parts.length === 0)
    throw invalidParams(
      `project.toml asks for the buildpack ${uri}, which is no folder of the source. Give its path from the top, ` +
        'such as uri = "./buildpacks/mine".',
    );
  return { kind: "folder", path: parts.join("/"), name: parts.at(-1) ?? "" };
}

function readAddress(uri: string): OwnBuildpack {
  const [address = "", fragment = ""] = split(uri, "#");
  const repository = REPOSITORY.exec(address);
  if (repository) {
    const [, owner, name = ""] = repository;
    const ref = fragment === "" ? "HEAD" : fragment;
    if (!/^[A-Za-z0-9][A-Za-z0-9._/-]*$/.test(ref) || ref.includes(".."))
      throw invalidParams(
        `project.toml asks for "${ref}" of the buildpack ${address}, which is no branch, tag or commit.`,
      );
    const archive = `https://github.com/${owner}/${name}/archive/${ref}.tar.gz`;
    return { kind: "address", address: archive, name: buildpackName(name) };
  }
  if (/\.git\/?$/.test(address))
    throw invalidParams(
      `project.toml asks for the buildpack ${address}. Only repositories of github.com are fetched; give the address of a .tgz of it.`,
    );
  const sha256 = FINGERPRINT.exec(fragment)?.[1];
  if (fragment !== "" && sha256 === undefined)
    throw invalidParams(
      `project.toml asks for the buildpack ${uri}. Behind the # of an archive stands sha256=<64 hexadecimal digits>, or nothing.`,
    );
  const last = new URL(address).pathname.split("/").findLast((part) => part !== "") ?? "";
  return { kind: "address", address, name: buildpackName(last), ...(sha256 ? { sha256 } : {}) };
}

/** The last part of an id for a buildpack that has none, from the name of its archive or repository. */
function buildpackName(file: string): string {
  const name = file.replace(/\.(tgz|tar\.gz|tar)$/i, "").replace(/[^A-Za-z0-9.-]+/g, "-");
  return name.replace(/^[^A-Za-z0-9]+/, "") || "buildpack";
}

function split(text: string, at: string): [string, string] {
  const place = text.indexOf(at);
  return place < 0 ? [text, ""] : [text.slice(0, place), text.slice(place + 1)];
}

/** Words of a buildpack's descriptor that become names of folders. Throws invalid_params when they cannot. */
export function requireBuildpackName(id: string, version: string, what: string): void {
  const reserved = ["config", "launch", "generated", "sbom", "group", "plan", "app"];
  if (!/^[A-Za-z0-9][A-Za-z0-9./-]*$/.test(id) || id.includes("..") || reserved.includes(id))
    throw invalidParams(`${what} calls itself "${id}", which no buildpack may be called.`);
  if (!/^[A-Za-z0-9][A-Za-z0-9.+_-]*$/.test(version))
    throw invalidParams(`${what} has the version "${version}", which is none.`);
}
