import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { digestOf } from "../image/index.ts";
import { pushBlob } from "./registry-fixtures.ts";
import {
  NAME,
  OTHER_NAME,
  type SpecificationCase,
  type SpecificationWorld,
} from "./specification-case-fixtures.ts";

const UPLOADS = `/v2/${NAME}/blobs/uploads/`;
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

async function begin({ ask }: SpecificationWorld): Promise<string> {
  const { headers } = await ask(`POST ${UPLOADS}`, { headers: { "content-length": 0 } });
  return headers.location ?? "";
}

/** Sends a piece of an upload. */
function patch({ ask }: SpecificationWorld, location: string, body: string, range?: string) {
  const headers = range === undefined ? {} : { "content-range": range };
  return ask(`PATCH ${location}`, { body, headers });
}

/** Whether what a `Location` names can be pulled as this content. */
async function expectPullable({ ask }: SpecificationWorld, location: string | undefined, content: string) {
  expect((await ask(`GET ${location}`)).text).toBe(content);
}

const whole: readonly SpecificationCase[] = [
  {
    section: "POST then PUT",
    level: "MUST",
    says: "an upload begins with 202 and a Location that holds a UUID",
    run: async ({ ask }) => {
      const { status, headers } = await ask(`POST ${UPLOADS}`);
      expect(status).toBe(202);
      expect(headers.location).toMatch(UUID);
    },
  },
  {
    section: "POST then PUT",
    level: "MUST",
    says: "a PUT of the content with its digest ends it, with 201 and a Location to pull from",
    run: async (world) => {
      const location = await begin(world);
      const put = await world.ask(`PUT ${location}?digest=${digestOf("content")}`, { body: "content" });
      expect(put.status).toBe(201);
      await expectPullable(world, put.headers.location, "content");
    },
  },
  {
    section: "Single POST",
    level: "MUST",
    says: "a POST with content and digest is answered 201 with a Location to pull from",
    run: async (world) => {
      const post = await world.ask(`POST ${UPLOADS}?digest=${digestOf("content")}`, { body: "content" });
      expect(post.status).toBe(201);
      await expectPullable(world, post.headers.location, "content");
    },
  },
  {
    section: "Single POST",
    level: "MUST",
    says: "the digest is the content's, and one by an algorithm that is not served is refused",
    run: async ({ ask }) => {
      for (const digest of [digestOf("other"), `sha512:${"a".repeat(128)}`, "sha256:beef", ""]) {
        const post = await ask(`POST ${UPLOADS}?digest=${digest}`, { body: "content" });
        expect([post.status, post.codes]).toEqual([400, ["DIGEST_INVALID"]]);
      }
      expect((await ask(`HEAD /v2/${NAME}/blobs/${digestOf("content")}`)).status).toBe(404);
    },
  },
];

const chunks: readonly SpecificationCase[] = [
  {
    section: "Pushing a blob in chunks",
    level: "MUST",
    says: "each piece is answered 202 with Location and the Range that has come",
    run: async (world) => {
      const first = await patch(world, await begin(world), "0123", "0-3");
      expect([first.status, first.headers.range]).toEqual([202, "0-3"]);
      const second = await patch(world, first.headers.location ?? "", "45", "4-5");
      expect([second.status, second.headers.range]).toEqual([202, "0-5"]);
      expect(second.headers.location).toMatch(UUID);
    },
  },
  {
    section: "Pushing a blob in chunks",
    level: "MUST",
    says: "a piece out of order is answered 416: one that leaves bytes out, one again, and a first not from 0",
    run: async (world) => {
      const location = await begin(world);
      expect((await patch(world, location, "23", "2-3")).status).toBe(416);
      await patch(world, location, "01", "0-1");
      for (const range of ["0-1", "1-2", "4-5"]) {
        const reply = await patch(world, location, "xx", range);
        expect([reply.status, reply.headers.range]).toEqual([416, "0-1"]);
      }
      expect((await patch(world, location, "23", "2-3")).status).toBe(202);
    },
  },
  {
    section: "Pushing a blob in chunks",
    level: "MUST",
    says: "a Content-Range that is no range, or another length than what comes, is not taken",
    run: async (world) => {
      const location = await begin(world);
      for (const range of ["x-y", "5", "3-1", "0-9"])
        expect((await patch(world, location, "0123", range)).status).toBe(400);
    },
  },
  {
    section: "Pushing a blob in chunks",
    level: "MUST",
    says: "a PUT closes the session, with 201 and a Location to pull from; the last piece may come with it",
    run: async (world) => {
      for (const [pieces, last] of [
        [["01", "23"], ""],
        [["01"], "23"],
      ] as const) {
        const location = await begin(world);
        for (const piece of pieces) await patch(world, location, piece);
        const put = await world.ask(`PUT ${location}?digest=${digestOf("0123")}`, { body: last });
        expect(put.status).toBe(201);
        await expectPullable(world, put.headers.location, "0123");
        expect((await world.ask(`GET ${location}`)).status).toBe(404);
      }
    },
  },
  {
    section: "Pushing a blob in chunks",
    level: "MUST",
    says: "the closing PUT names the digest of the whole blob, and its piece is in order",
    run: async (world) => {
      const location = await begin(world);
      await patch(world, location, "0123");
      expect((await world.ask(`PUT ${location}`)).codes).toEqual(["DIGEST_INVALID"]);
      const late = { body: "89", headers: { "content-range": "8-9" } };
      expect((await world.ask(`PUT ${location}?digest=${digestOf("89")}`, late)).status).toBe(416);
      expect((await world.ask(`PUT ${location}?digest=${digestOf("23")}`)).codes).toEqual(["DIGEST_INVALID"]);
    },
  },
  {
    section: "Pushing a blob in chunks",
    level: "MUST",
    says: "GET of an upload under way is answered 204 with Location and Range, from where it goes on",
    run: async (world) => {
      const content = randomBytes(60_000).toString("hex");
      const location = await begin(world);
      await patch(world, location, content.slice(0, 50_000), "0-49999");
      expect((await patch(world, location, "lost", "60000-60003")).status).toBe(416);
      const { status, headers } = await world.ask(`GET ${location}`);
      expect([status, headers.range]).toEqual([204, "0-49999"]);
      const end = Number(headers.range?.toString().split("-")[1]);
      const rest = { body: content.slice(end + 1) };
      const put = await world.ask(`PUT ${headers.location}?digest=${digestOf(content)}`, rest);
      expect(put.status).toBe(201);
    },
  },
  {
    section: "Endpoints",
    level: "MUST",
    says: "an upload that is not there is answered 404 (end-5, end-6, end-13)",
    run: async ({ ask }) => {
      const location = `${UPLOADS}00000000-0000-4000-8000-000000000000`;
      for (const what of [`GET ${location}`, `PATCH ${location}`, `PUT ${location}?digest=${digestOf("")}`])
        expect((await ask(what)).status).toBe(404);
    },
  },
];

const mounts: readonly SpecificationCase[] = [
  {
    section: "Mounting a blob from another repository",
    level: "MUST",
    says: "a mount is answered 201 with a Location to pull from",
    run: async (world) => {
      const { digest } = await pushBlob(world.registry, "conifer/run", "a run image's layer");
      const { status, headers } = await world.ask(`POST ${UPLOADS}?mount=${digest}&from=conifer/run`);
      expect([status, headers.location]).toEqual([201, `/v2/${NAME}/blobs/${digest}`]);
      await expectPullable(world, headers.location, "a run image's layer");
    },
  },
  {
    section: "Mounting a blob from another repository",
    level: "SHOULD",
    says: "what cannot be mounted begins an upload, with 202: a blob that is not there, or from nowhere, or unreadable",
    run: async (world) => {
      const { digest } = await pushBlob(world.registry, OTHER_NAME, "another's layer");
      const queries = [
        ...[
          `mount=${digestOf("none")}&from=conifer/run`,
          `mount=${digest}`,
          `mount=${digest}&from=${OTHER_NAME}`,
        ],
        ...[`mount=${digest}&from=../../etc`, `mount=nonsense&from=conifer/run`],
      ];
      for (const query of queries) {
        const { status, headers } = await world.ask(`POST ${UPLOADS}?${query}`);
        expect(status).toBe(202);
        expect((await world.ask(`PUT ${headers.location}?digest=${digestOf("")}`)).status).toBe(201);
      }
      expect((await world.ask(`HEAD /v2/${NAME}/blobs/${digest}`)).status).toBe(404);
    },
  },
];

/** The sections "Pushing a blob monolithically", "Pushing a blob in chunks" and "Mounting a blob from another repository". */
export const uploadCases = [...whole, ...chunks, ...mounts];
