import { readInside } from "../../files/trees/index.ts";

/** Whom an image runs its programs as. */
export interface ImageUser {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

const TABLE_BYTES = 1024 * 1024;

/**
 * The user that an image's config names (image-spec, `User`): a name or number, with a group behind a colon or without.
 * `root` is the image's unpacked root. Throws for a name that the image does not know.
 */
export async function readImageUser(root: string, user: string | undefined): Promise<ImageUser> {
  const passwd = (await readInside(root, "etc/passwd", TABLE_BYTES)) ?? "";
  const group = (await readInside(root, "etc/group", TABLE_BYTES)) ?? "";
  return resolveImageUser(user ?? "", passwd, group);
}

/** As `readImageUser`, of the texts of passwd(5) and group(5). */
export function resolveImageUser(user: string, passwd: string, group: string): ImageUser {
  const [named = "", ofGroup] = user === "" ? ["0"] : user.split(":");
  const account = fieldsOf(passwd).find(([name, , uid]) => name === named || uid === named);
  const uid = idOf(account?.[2] ?? named, `the user ${named}`);
  const primary = account?.[3] ?? "0";
  const found = ofGroup && fieldsOf(group).find(([name, , gid]) => name === ofGroup || gid === ofGroup);
  const gid = idOf(ofGroup ? (found ? (found[2] ?? "") : ofGroup) : primary, `the group ${ofGroup}`);
  const home = account?.[5] ?? "";
  return { uid, gid, home: home.startsWith("/") ? home : "/" };
}

function fieldsOf(table: string): string[][] {
  return table.split("\n").map((line) => line.split(":"));
}

function idOf(text: string, what: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new Error(`the image runs as ${what}, whom it does not know`);
}
