import { isDigest } from "../image/index.ts";
import { pieceRange } from "./blob-range.ts";
import type { RegistryAnswer, RegistryCall, RegistryDependencies } from "./registry-call.ts";
import { RegistryError } from "./registry-error.ts";
import type { RegistryQuota } from "./registry-quota.ts";
import { allows, isDigestForm, parseRepository, type Repository, repositoryName } from "./registry-rules.ts";
import type { RepositoryTurns } from "./repository-turns.ts";

/** The requests of an upload (distribution-spec 1.1, "Pushing blobs"). */
export interface UploadHandlers {
  begin(call: RegistryCall): Promise<RegistryAnswer>;
  add(call: RegistryCall, id: string): Promise<RegistryAnswer>;
  finish(call: RegistryCall, id: string): Promise<RegistryAnswer>;
  status(call: RegistryCall, id: string): Promise<RegistryAnswer>;
  cancel(call: RegistryCall, id: string): Promise<RegistryAnswer>;
}

/** What uploads of all repositories have in common. */
export interface UploadParts extends RegistryDependencies {
  readonly quota: RegistryQuota;
  readonly turns: RepositoryTurns;
}

/** One request at a time writes to an upload: a second one is told so, and asks for the status. */
export function makeUploadHandlers(deps: UploadParts): UploadHandlers {
  const { uploads } = deps;
  const busy = new Set<string>();
  const alone = async <T>(id: string, work: () => Promise<T>): Promise<T> => {
    if (busy.has(id))
      throw new RegistryError("BLOB_UPLOAD_INVALID", "another request writes to this upload", {
        status: 409,
      });
    busy.add(id);
    return await work().finally(() => busy.delete(id));
  };
  const keep = async ({ repository }: RegistryCall, id: string, digest: string) => {
    await uploads.finish(repository, id, digest);
    await deps.turns(repository, () => hold(deps, repository, digest));
    return created(repository, digest);
  };
  const status = async (call: RegistryCall, id: string, code: number) =>
    uploadAnswer(code, call, { id, size: await sizeOf(deps, call, id) });

  return {
    async begin(call) {
      const { repository, query, body } = call;
      const digest = digestIn(query);
      if (await mount(deps, call)) return created(repository, query.get("mount") ?? "");
      await deps.quota.admit(repository, announcedBytes(call) ?? 0, digest);
      const id = await uploads.begin(repository);
      if (digest === undefined) return uploadAnswer(202, call, { id, size: 0 });
      try {
        await uploads.append(repository, id, body());
        return await keep(call, id, digest);
      } catch (thrown) {
        await uploads.drop(repository, id);
        throw thrown;
      }
    },
    add: (call, id) =>
      alone(id, async () => {
        await append(deps, call, id);
        return await status(call, id, 202);
      }),
    finish: (call, id) =>
      alone(id, async () => {
        const digest = digestIn(call.query);
        if (digest === undefined) throw new RegistryError("DIGEST_INVALID", "the digest is missing");
        await append(deps, call, id);
        return await keep(call, id, digest);
      }),
    status: (call, id) => status(call, id, 204),
    cancel: (call, id) =>
      alone(id, async () => {
        await sizeOf(deps, call, id);
        await uploads.drop(call.repository, id);
        return { status: 204 };
      }),
  };
}

/** Takes a blob over from a repository that the caller may read. Says nothing of any other. */
async function mount(deps: UploadParts, call: RegistryCall): Promise<boolean> {
  const { records, content } = deps;
  const digest = call.query.get("mount");
  const from = parseRepository(call.query.get("from") ?? "");
  if (!isDigest(digest) || !from || !allows(call.principal, "pull", from)) return false;
  if (!(await records.holdsBlob(from, digest)) || (await content.sizeOf(digest)) === undefined) return false;
  await deps.turns(call.repository, () => hold(deps, call.repository, digest));
  return true;
}

/** The content is in the store by now: without room for it in the repository it is collected there. */
async function hold(
  { records, content, quota }: UploadParts,
  repository: Repository,
  digest: string,
): Promise<void> {
  const sizeBytes = (await content.sizeOf(digest)) ?? 0;
  if (!(await records.holdsBlob(repository, digest))) await quota.admit(repository, sizeBytes, digest);
  await records.holdBlob(repository, digest);
  quota.added(repository, digest, sizeBytes);
}

/** What is too much is refused before it comes, when its sender says how much it is. */
function announcedBytes({ request }: RegistryCall): number | undefined {
  const given = request.headers["content-length"];
  return given === undefined ? undefined : Number(given);
}

/** Adds the request's body, which may be empty. A piece that does not begin where the upload ends is refused. */
async function append(deps: UploadParts, call: RegistryCall, id: string): Promise<void> {
  const size = await sizeOf(deps, call, id);
  const { headers } = call.request;
  const given = headers["content-range"];
  const piece = given === undefined ? undefined : pieceRange(given);
  if (given !== undefined && !piece)
    throw new RegistryError("BLOB_UPLOAD_INVALID", "Content-Range has the form <start>-<end>");
  if (piece && piece.start !== size)
    throw new RegistryError("BLOB_UPLOAD_INVALID", `the upload goes on at byte ${size}`, {
      status: 416,
      headers: uploadHeaders(call, id, size),
    });
  const announced = announcedBytes(call);
  if (piece && announced !== undefined && announced !== piece.end - piece.start + 1)
    throw new RegistryError("BLOB_UPLOAD_INVALID", "Content-Range and Content-Length do not agree");
  if (announced) await deps.quota.admit(call.repository, size + announced);
  const after = await deps.uploads.append(call.repository, id, call.body());
  if (piece && after !== piece.end + 1)
    throw new RegistryError("BLOB_UPLOAD_INVALID", `${after - size} bytes came, not those of Content-Range`);
}

async function sizeOf({ uploads }: RegistryDependencies, call: RegistryCall, id: string): Promise<number> {
  const size = await uploads.sizeOf(call.repository, id);
  if (size === undefined) throw new RegistryError("BLOB_UPLOAD_UNKNOWN", "there is no such upload");
  return size;
}

function digestIn(query: URLSearchParams): string | undefined {
  const digest = query.get("digest");
  if (digest === null) return undefined;
  if (isDigest(digest)) return digest;
  const why = isDigestForm(digest) ? "content is stored by sha256 only" : "that is no digest";
  throw new RegistryError("DIGEST_INVALID", `${why}; push with ?digest=sha256:<64 hex digits>`);
}

function uploadAnswer(
  status: number,
  call: RegistryCall,
  { id, size }: { id: string; size: number },
): RegistryAnswer {
  return { status, headers: { ...uploadHeaders(call, id, size), "content-length": 0 } };
}

/** `Range` says which bytes have arrived; for none it is `0-0`, as registries answer since the first. */
function uploadHeaders(call: RegistryCall, id: string, size: number): Record<string, string> {
  return {
    location: `/v2/${repositoryName(call.repository)}/blobs/uploads/${id}`,
    range: `0-${Math.max(0, size - 1)}`,
    "docker-upload-uuid": id,
  };
}

function created(repository: RegistryCall["repository"], digest: string): RegistryAnswer {
  return {
    status: 201,
    headers: {
      location: `/v2/${repositoryName(repository)}/blobs/${digest}`,
      "docker-content-digest": digest,
      "content-length": 0,
    },
  };
}
