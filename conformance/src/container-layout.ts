import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Programs that these journeys need, each with its Debian package. */
const TOOLS = { skopeo: "skopeo", buildah: "buildah", busybox: "busybox-static" } as const;

/**
 * Why a journey with containers cannot be made here; undefined when it can. Installs the packages when it may; where nothing may
 * be skipped (`CI=true`) what is missing is a failure.
 */
export function missingContainerTools(): string | undefined {
  const missing = () => Object.entries(TOOLS).filter(([name]) => !isProgram(name));
  if (missing().length > 0) {
    const packages = missing().map(([, name]) => name);
    try {
      const args = ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", ...packages];
      execFileSync("apt-get", args, { stdio: "ignore" });
    } catch {
      // What is still missing is told below.
    }
  }
  const still = missing().map(([name]) => name);
  if (still.length === 0) return undefined;
  const why = `needs ${still.join(", ")}, which are not here and cannot be installed`;
  if (process.env.CI === "true") throw new Error(`this journey ${why}`);
  return why;
}

function isProgram(name: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${name}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** The config of an image, as a Dockerfile's lines make it. */
export interface ContainerSettings {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
}

/** What a program is linked with: Debian has busybox with and without the C library in it. */
function librariesOf(program: string): readonly string[] {
  try {
    const listed = execFileSync("ldd", [program], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return [...listed.matchAll(/(?:^|\s)(\/\S+) \(0x/g)].map(([, path = ""]) => path);
  } catch {
    return [];
  }
}

const PROGRAMS = ["sh", "ls", "id", "cat", "env", "sleep", "httpd", "pwd", "stat", "touch", "echo", "mkdir"];

/**
 * Makes a small image of nobody's platform as a folder with an OCI layout, tagged `latest`: a shell and a few programs of one
 * file, and the given files. It has a set-user-id bit and no launcher.
 */
export function makeContainer(
  folder: string,
  settings: ContainerSettings,
  files: Readonly<Record<string, string>> = {},
): string {
  const root = `${folder}.root`;
  for (const name of ["bin", "etc", "srv"]) mkdirSync(join(root, name), { recursive: true });
  mkdirSync(join(root, "tmp"));
  chmodSync(join(root, "tmp"), 0o1777);
  const busybox = execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim();
  copyFileSync(busybox, join(root, "bin/busybox"));
  for (const library of librariesOf(busybox)) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
  chmodSync(join(root, "bin/busybox"), 0o4755);
  for (const name of PROGRAMS) symlinkSync("busybox", join(root, "bin", name));
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  writeFileSync(join(root, "etc/group"), "root:x:0:\n");
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  mkdirSync(join(folder, "blobs/sha256"), { recursive: true });
  const tar = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "-C", root, "-cf", "-", "."];
  const layer = execFileSync("tar", tar, { maxBuffer: 64 * 1024 * 1024 });
  const put = (bytes: Buffer) => {
    const hex = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(join(folder, "blobs/sha256", hex), bytes);
    return { digest: `sha256:${hex}`, size: bytes.length };
  };
  const json = (value: unknown) => put(Buffer.from(JSON.stringify(value)));
  const tarred = put(layer);
  const config = json({
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    config: settings,
    rootfs: { type: "layers", diff_ids: [tarred.digest] },
    // Builders compare it with the layers.
    history: [{ created_by: "a journey" }],
  });
  const type = "application/vnd.oci.image";
  const manifest = json({
    schemaVersion: 2,
    mediaType: `${type}.manifest.v1+json`,
    config: { mediaType: `${type}.config.v1+json`, ...config },
    layers: [{ mediaType: `${type}.layer.v1.tar`, ...tarred }],
  });
  const annotations = { "org.opencontainers.image.ref.name": "latest" };
  const manifests = [{ mediaType: `${type}.manifest.v1+json`, ...manifest, annotations }];
  writeFileSync(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  writeFileSync(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  rmSync(root, { recursive: true });
  return folder;
}
