import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readLibraries } from "./own-root-tools.ts";

/** What shell scripts of the root may call. */
const PROGRAMS = [
  ...["sh", "cat", "ls", "id", "mkdir", "cp", "mv", "rm", "chmod", "touch", "sed", "tr", "head", "sleep"],
  ...["env", "sha256sum", "cut", "tar", "dirname", "basename", "date", "true", "find", "sort", "ln", "wc"],
];

/**
 * Fills a folder with a root file system that is not this machine's: real folders where it has links, a user of another
 * number, and nothing but these programs and their libraries.
 */
export function makeForeignRoot(folder: string, programs: readonly string[] = PROGRAMS): void {
  const at = (path: string) => join(folder, path);
  for (const path of ["bin", "etc", "tmp", "home/stranger", "var", "usr/bin"])
    mkdirSync(at(path), { recursive: true });
  writeFileSync(
    at("etc/passwd"),
    "root:x:0:0::/root:/bin/sh\nstranger:x:1234:4321::/home/stranger:/bin/sh\n",
  );
  writeFileSync(at("etc/group"), "root:x:0:\nstrangers:x:4321:\n");
  writeFileSync(at("etc/os-release"), 'ID=foreign\nVERSION_ID="1"\n');
  for (const name of programs) {
    const folders = name.startsWith("/") ? [""] : ["/usr/bin", "/bin", "/usr/sbin"];
    const program = folders.map((path) => join("/", path, name)).find(existsSync);
    if (!program) throw new Error(`this machine has no ${name}`);
    copyFileSync(realpathSync(program), at(join("bin", basename(name))));
    const { libraries, loader } = readLibraries(execFileSync("ldd", [program], { encoding: "utf8" }));
    for (const path of [...libraries, ...(loader ? [loader] : [])]) {
      mkdirSync(at(dirname(path)), { recursive: true });
      copyFileSync(realpathSync(path), at(path));
    }
  }
}
