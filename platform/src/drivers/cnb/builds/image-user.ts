/** Whom an image runs its programs as. */
export interface ImageUser {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/**
 * The user that an image's config names (image-spec, `User`): a name or number, with a group behind a colon or without.
 * `passwd` and `group` are the texts of passwd(5) and group(5) in the image. Throws for a name that the image does not know.
 */
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
