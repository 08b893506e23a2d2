import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { openCertificateAuthority } from "../../../edge/certificate/index.ts";
import { freePort } from "../../../kernel/free-port-fixtures.ts";
import { pause } from "../../../kernel/index.ts";
import type { S3Settings } from "./s3-settings.ts";

/** A real S3 server, which verifies signatures: Versity's gateway over a folder, a Go module of its own. */
const MODULE = "github.com/versity/versitygw/cmd/versitygw@v1.8.0";
const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "conifer", "versitygw-1.8.0");
const PROGRAM = join(CACHE, "versitygw");

/** Why there is no S3 server here, for the name of a test that is then skipped. Building it takes longer than tests may. */
export const noS3Server = existsSync(PROGRAM)
  ? undefined
  : `no S3 server here: CGO_ENABLED=0 GOBIN=${CACHE} go install ${MODULE}`;

export const TEST_BUCKET = "images";
export const TEST_CREDENTIALS = { accessKeyId: "AKIDTEST", secretAccessKey: "secret-of-tests" };

export interface S3Server {
  readonly settings: S3Settings;
  stop(): Promise<void>;
}

/** Starts a server with an empty bucket, on a port of loopback that is free; with TLS by an authority of its own. */
export async function startS3Server({
  tls = false,
}: {
  tls?: boolean;
} = {}): Promise<S3Server & { ca: string }> {
  const root = await mkdtemp(join(tmpdir(), "s3-"));
  const keys = await mkdtemp(join(tmpdir(), "s3-keys-"));
  await mkdir(join(root, TEST_BUCKET));
  const ca = await makeKeys(keys);
  const files = tls ? ["--cert", join(keys, "leaf.pem"), "--key", join(keys, "leaf.key")] : [];
  const port = await freePort();
  const child = spawn(PROGRAM, ["--quiet", ...files, "--port", `127.0.0.1:${port}`, "posix", root], {
    env: {
      ROOT_ACCESS_KEY: TEST_CREDENTIALS.accessKeyId,
      ROOT_SECRET_KEY: TEST_CREDENTIALS.secretAccessKey,
      VGW_KEEP_ALIVE: "true",
    },
    stdio: "ignore",
  });
  const endpoint = tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  await waitUntilUp(child, port);
  return {
    ca,
    settings: {
      ...{ bucket: TEST_BUCKET, prefix: "conifer/", endpoint, region: "us-east-1", addressing: "path" },
      credentials: async () => TEST_CREDENTIALS,
    },
    stop: async () => {
      if (child.exitCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      for (const folder of [root, keys]) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A key and certificate for localhost, and the authority's own certificate. */
async function makeKeys(folder: string): Promise<string> {
  const authority = openCertificateAuthority({
    ...{ caFile: join(folder, "ca.pem"), keyFile: join(folder, "ca.key"), now: () => new Date() },
  });
  const { cert, key } = authority.issue(["localhost"]);
  await writeFile(join(folder, "leaf.pem"), cert);
  await writeFile(join(folder, "leaf.key"), key, { mode: 0o600 });
  return authority.caPem;
}

async function waitUntilUp(child: ChildProcess, port: number): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await pause(50)) {
    if (child.exitCode !== null) throw new Error(`the S3 server ended with ${child.exitCode}`);
    if (await answers(port)) return;
  }
  throw new Error("the S3 server does not answer within 20 s");
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
