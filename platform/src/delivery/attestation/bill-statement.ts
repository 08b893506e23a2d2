import { buffer } from "node:stream/consumers";
import { encodeDocument, type ImageStore, type OciDescriptor } from "../image/index.ts";
import type { Attestation, AttestationKind } from "./attestation.ts";
import { ENVELOPE_TYPE, makeEnvelope } from "./dsse-envelope.ts";
import { SIGNATURE } from "./image-signature.ts";
import type { InstallationKey } from "./installation-key.ts";
import { digestSet, STATEMENT_TYPE } from "./slsa-provenance.ts";

/** A signed bill of materials as a part of another artifact: stored with it, or named where it is stored already. */
export interface StatedBill {
  readonly descriptor: OciDescriptor;
  readonly bytes?: Buffer;
}

/** A bill of an image: what is on record of it, and what it says. */
export interface MadeBill {
  readonly attestation: Pick<Attestation, "kind" | "document">;
  readonly bytes: Buffer;
}

/** As in-toto's predicates name the two, and `cosign verify-attestation --type cyclonedx` and `--type spdxjson` look for them. */
const PREDICATES: Partial<Record<AttestationKind, string>> = {
  "sbom-cyclonedx": "https://cyclonedx.org/bom",
  "sbom-spdx": "https://spdx.dev/Document",
};

/** On a stated bill: the digest of the bill that it holds, by which one that was stated before is known again. */
const OF_BILL = "dev.conifer.bill";

/**
 * States the bills of an image, signed. A signature differs each time one is made, so what `before`, an earlier provenance by
 * the same key, states of the same bills is named again: an image that is built fifty times has its bills in this form once.
 */
export async function stateBills(
  image: { readonly name: string; readonly digest: string },
  bills: readonly MadeBill[],
  {
    key,
    before,
    images,
  }: {
    readonly key: InstallationKey;
    readonly before: Pick<Attestation, "digest"> | undefined;
    readonly images: Pick<ImageStore, "read">;
  },
): Promise<readonly StatedBill[]> {
  const known = before ? partsOf(await buffer(await images.read(before.digest))) : [];
  return bills.flatMap(({ attestation: { kind, document }, bytes }) => {
    const predicateType = PREDICATES[kind];
    if (predicateType === undefined) return [];
    const stated = known.find(({ annotations }) => annotations?.[OF_BILL] === document.digest);
    if (stated) return [{ descriptor: stated }];
    const statement = {
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ name: image.name, digest: digestSet(image.digest) }],
      ...{ predicateType, predicate: JSON.parse(bytes.toString("utf8")) },
    };
    const envelope = makeEnvelope(STATEMENT_TYPE, Buffer.from(JSON.stringify(statement)), key);
    const made = encodeDocument(ENVELOPE_TYPE, envelope);
    const annotations = { [SIGNATURE.annotation]: "", predicateType, [OF_BILL]: document.digest };
    return [{ descriptor: { ...made.descriptor, annotations }, bytes: made.bytes }];
  });
}

function partsOf(manifest: Buffer): readonly OciDescriptor[] {
  const { layers } = JSON.parse(manifest.toString("utf8")) as { readonly layers?: readonly OciDescriptor[] };
  return layers ?? [];
}
