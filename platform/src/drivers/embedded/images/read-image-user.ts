import { type ImageUser, resolveImageUser } from "../../cnb/builds/index.ts";
import { readInside } from "../../files/trees/index.ts";

const TABLE_BYTES = 1024 * 1024;

/** As `resolveImageUser`; `root` is the image's unpacked root. */
export async function readImageUser(root: string, user: string | undefined): Promise<ImageUser> {
  const passwd = (await readInside(root, "etc/passwd", TABLE_BYTES)) ?? "";
  const group = (await readInside(root, "etc/group", TABLE_BYTES)) ?? "";
  return resolveImageUser(user ?? "", passwd, group);
}
