import { chmod, mkdir, readFile, rm, symlink } from "node:fs/promises";
import path from "node:path";
import { object } from "./package-json.ts";

/** A link for each entry of the package's `bin`. */
export async function linkPrograms(folder: string, name: string): Promise<void> {
  const home = path.join("lib", "node_modules", name);
  const manifest: unknown = JSON.parse(await readFile(path.join(folder, home, "package.json"), "utf8"));
  await mkdir(path.join(folder, "bin"), { recursive: true });
  for (const [program, file] of Object.entries(object(object(manifest).bin))) {
    const link = path.join(folder, "bin", path.basename(program));
    const target = path.join(home, path.join("/", String(file)));
    await chmod(path.join(folder, target), 0o755);
    await rm(link, { force: true });
    await symlink(path.join("..", target), link);
  }
}
