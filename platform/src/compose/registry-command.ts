import { existsSync } from "node:fs";
import {
  issueRoleCredential,
  parseRepository,
  type RegistryCredential,
  type RegistryRole,
  type Repository,
  ROLES,
  registryKeys,
} from "../delivery/registry/index.ts";
import { errorText, type MasterKey, silentLogger } from "../kernel/index.ts";
import { readConfig } from "./config.ts";
import { type CopiedImages, copyImages } from "./copy-images.ts";
import type { Home } from "./home.ts";
import { masterKeyFile, readMasterKey } from "./master-key.ts";

const USAGE = `Usage: npm run -s registry -- login <role> <repository> [<hours>]
       npm run -s registry -- copy

  prints a user name and a password for one repository of the registry
  role        reader (pull), writer (pull, push) or manager (pull, push, delete)
  repository  <space>/<app id>, such as common/2f1c6a52-5d3e-4b57-8a43-0d9c2f6b7e11
  hours       how long the password is good for, 1 to 8760. Default 24

  copy        copies the images of this home into the bucket that CONIFER_REGISTRY_STORAGE names`;

const HOUR_MS = 60 * 60 * 1000;
const MOST_HOURS = 8_760;

export interface RegistryLogin {
  readonly role: RegistryRole;
  readonly repository: Repository;
  readonly hours: number;
}

/** Reads the command line, or throws how to use it. */
export function parseRegistryArguments(args: readonly string[]): RegistryLogin {
  const [verb, asked, name = "", hoursText = "24", ...rest] = args;
  const role = ROLES.find((one) => one === asked);
  if (verb !== "login" || !role || rest.length > 0) throw new Error(USAGE);
  const repository = parseRepository(name);
  if (!repository) throw new Error(`"${name}" is no repository of the registry.\n${USAGE}`);
  const hours = Number(hoursText);
  if (!Number.isInteger(hours) || hours < 1 || hours > MOST_HOURS)
    throw new Error(`"${hoursText}" is no number of hours from 1 to ${MOST_HOURS}.\n${USAGE}`);
  return { role, repository, hours };
}

/** The credential, which only whoever holds the master key can make. */
export function makeLogin(
  { role, repository, hours }: RegistryLogin,
  now: Date,
  master: MasterKey,
): RegistryCredential {
  return issueRoleCredential(
    role,
    repository,
    new Date(now.getTime() + hours * HOUR_MS),
    registryKeys(master),
  );
}

/** What to print. Throws when there is no master key to make a credential with. */
export function runRegistryCommand(args: readonly string[], home: Home, now: Date): string {
  const login = parseRegistryArguments(args);
  if (!existsSync(masterKeyFile(home)))
    throw new Error(
      `${masterKeyFile(home)} is not there. Start Conifer once (npm start), or name its home in CONIFER_HOME.`,
    );
  const { username, password, expires } = makeLogin(login, now, readMasterKey(home));
  return `username: ${username}\npassword: ${password}\nuntil:    ${expires.toISOString()}`;
}

function sayCopied({ repositories, manifests, blobs, bytes }: CopiedImages): string {
  const megabytes = (bytes / 1024 ** 2).toFixed(1);
  return `Copied ${repositories} repositories with ${manifests} manifests; ${blobs} blobs (${megabytes} MB) were not there yet.`;
}

if (import.meta.main) {
  try {
    const config = readConfig(process.env);
    const args = process.argv.slice(2);
    const tell = (line: string) => console.log(line);
    if (args.length === 1 && args[0] === "copy")
      tell(sayCopied(await copyImages(config, tell, silentLogger)));
    else tell(runRegistryCommand(args, config.home, new Date()));
  } catch (thrown) {
    console.error(errorText(thrown));
    process.exitCode = 1;
  }
}
