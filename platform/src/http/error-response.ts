import { type ErrorId, errorCatalog } from "@conifer/contract";
import { BusinessError } from "../kernel/index.ts";

export interface ErrorResponse {
  readonly status: number;
  readonly body: {
    readonly id: ErrorId;
    readonly message: string;
    readonly url?: string;
    readonly resource?: string;
    readonly app?: { readonly id: string; readonly name: string };
  };
  /** True when the failure is ours and belongs in the log with its cause. */
  readonly ours: boolean;
}

/** Tells failures that will pass from those that will not. */
export interface Absences {
  /** The store is away for now. */
  readonly isStoreAway: (thrown: unknown) => boolean;
  /** Another of Conifer's processes is away for now. */
  readonly isPartAway?: (thrown: unknown) => boolean;
}

/**
 * The one mapper from what was thrown to what is answered. Business errors keep their id and text; everything else is
 * ours: the answer names only the request id, under which the log has the rest.
 */
export function errorResponse(thrown: unknown, requestId: string, absences: Absences): ErrorResponse {
  if (thrown instanceof BusinessError) {
    const { resource, app, url } = thrown.details;
    const extra = { ...(url ? { url } : {}), ...(resource ? { resource } : {}), ...(app ? { app } : {}) };
    const status = errorCatalog[thrown.id].status;
    return {
      status,
      body: { id: thrown.id, message: thrown.message, ...extra },
      ours: status >= 500 && status !== 501,
    };
  }
  const away = whoIsAway(thrown, absences);
  if (away) {
    const message = `${away} is not available right now. Try again in a moment. (Request ${requestId})`;
    return { status: 503, body: { id: "unavailable", message }, ours: true };
  }
  const message = `Something went wrong on Conifer's side. Its log has the details under request ${requestId}.`;
  return { status: 500, body: { id: "internal", message }, ours: true };
}

function whoIsAway(thrown: unknown, { isStoreAway, isPartAway }: Absences): string | undefined {
  if (isPartAway?.(thrown)) return "A part of Conifer that this needs";
  return isStoreAway(thrown) ? "Conifer's database" : undefined;
}
