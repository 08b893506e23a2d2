import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
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

/** Starts a server with an empty bucket, on a port of loopback that is free. */
export async function startS3Server(): Promise<S3Server> {
  const root = await mkdtemp(join(tmpdir(), "s3-"));
  await mkdir(join(root, TEST_BUCKET));
  const port = await freePort();
  const child = spawn(PROGRAM, ["--quiet", "--port", `127.0.0.1:${port}`, "posix", root], {
    env: {
      ROOT_ACCESS_KEY: TEST_CREDENTIALS.accessKeyId,
      ROOT_SECRET_KEY: TEST_CREDENTIALS.secretAccessKey,
      VGW_KEEP_ALIVE: "true",
    },
    stdio: "ignore",
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await waitUntilUp(child, endpoint);
  return {
    settings: {
      ...{ bucket: TEST_BUCKET, prefix: "conifer/", endpoint, region: "us-east-1", addressing: "path" },
      credentials: async () => TEST_CREDENTIALS,
    },
    stop: async () => {
      if (child.exitCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function waitUntilUp(child: ChildProcess, endpoint: string): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await pause(50)) {
    if (child.exitCode !== null) throw new Error(`the S3 server ended with ${child.exitCode}`);
    if (
      await fetch(endpoint).then(
        () => true,
        () => false,
      )
    )
      return;
  }
  throw new Error("the S3 server does not answer within 20 s");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
