import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorText } from "../../../kernel/index.ts";
import { S3RequestError } from "./s3-request-error.ts";
import type { S3Credentials } from "./s3-settings.ts";

/** What was read is good for so long: a Secret that is replaced reaches a pod's files in about a minute. */
const KEPT_MS = 30_000;
const MOST_BYTES = 16 * 1024;

/**
 * Reads credentials from the files `access-key-id`, `secret-access-key` and, where there is one, `session-token`. They may be
 * replaced at any time. Throws S3RequestError, which names the file and never what is in it.
 */
export function credentialsOfFolder(
  folder: string,
  nowMs: () => number = () => performance.now(),
): () => Promise<S3Credentials> {
  let kept: { readonly credentials: S3Credentials; readonly untilMs: number } | undefined;
  return async () => {
    if (kept && kept.untilMs > nowMs()) return kept.credentials;
    const accessKeyId = await readLine(folder, "access-key-id");
    const secretAccessKey = await readLine(folder, "secret-access-key");
    const sessionToken = await readLine(folder, "session-token", "may be missing");
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken === "" ? {} : { sessionToken }) };
    kept = { credentials, untilMs: nowMs() + KEPT_MS };
    return credentials;
  };
}

async function readLine(folder: string, name: string, missing?: "may be missing"): Promise<string> {
  const path = join(folder, name);
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (missing && cause.code === "ENOENT") return "";
    throw unreadable(path, errorText(cause));
  });
  const line = text.trim();
  if (line === "" && !missing) throw unreadable(path, "it is empty");
  if (text.length > MOST_BYTES || /\s/.test(line)) throw unreadable(path, "it is not one line with one word");
  return line;
}

function unreadable(path: string, why: string): S3RequestError {
  const message = `The store's credentials cannot be read from ${path}: ${why}. CONIFER_S3_CREDENTIALS names the folder.`;
  return new S3RequestError(message, { status: 0, passing: false });
}
