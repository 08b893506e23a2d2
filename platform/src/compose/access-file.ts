import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Home } from "./home.ts";

/** What `access.json` tells whoever wants to use this instance (design: the machine interface). */
export interface Access {
  /** `http://localhost:6400` */
  readonly api: string;
  /** `http://localhost:8080` */
  readonly router: string;
  /** The apps' domain. */
  readonly domain: string;
  /** The first account. */
  readonly email: string;
  readonly password: string;
  readonly token: string;
  /** The path of the certificate authority's certificate. */
  readonly ca: string;
}

const FIELDS = ["api", "router", "domain", "email", "password", "token", "ca"] as const;

/** Writes the file for this user only. It appears whole; a reader sees the old one or the new one. */
export function writeAccessFile(home: Home, access: Access): void {
  const part = `${home.accessFile}.${process.pid}`;
  const known = Object.fromEntries(FIELDS.map((field) => [field, access[field]]));
  writeFileSync(part, `${JSON.stringify(known, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(part, home.accessFile);
}

/** Undefined when no instance was ever ready in this home. Throws when the file is not of our making. */
export function readAccessFile(home: Home): Access | undefined {
  let text: string;
  try {
    text = readFileSync(home.accessFile, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
  const access = parse(text);
  if (access && FIELDS.every((field) => typeof access[field] === "string")) return access as Access;
  throw new Error(`${home.accessFile} is damaged. The next \`npm start\` writes it again.`);
}

function parse(text: string): Partial<Access> | undefined {
  try {
    return JSON.parse(text) as Partial<Access>;
  } catch {
    return undefined;
  }
}
