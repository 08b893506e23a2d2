/** Every error id that an answer may carry. */
export type ErrorId =
  | "bad_request"
  | "unauthorized"
  | "delinquent"
  | "forbidden"
  | "suspended"
  | "two_factor"
  | "device_trust_required"
  | "not_found"
  | "method_not_allowed"
  | "not_acceptable"
  | "request_timeout"
  | "conflict"
  | "gone"
  | "precondition_failed"
  | "payload_too_large"
  | "unsupported_media_type"
  | "requested_range_not_satisfiable"
  | "invalid_params"
  | "verification_needed"
  | "multiple_matches"
  | "confirmation_required"
  | "rate_limit"
  | "internal"
  | "not_implemented"
  | "unavailable"
  | "insufficient_storage";

export interface ErrorEntry {
  readonly status: number;
  /** What it means and what to do next. */
  readonly documentation: string;
}

/** The catalogue of errors; `docs/reference/errors.md` is made from it. */
export const errorCatalog: Readonly<Record<ErrorId, ErrorEntry>> = {
  bad_request: {
    status: 400,
    documentation:
      "The request could not be read: its body is not valid JSON, or its path or a header is malformed. Correct the request; sending the same one again gives the same answer.",
  },
  unauthorized: {
    status: 401,
    documentation:
      "The request carries no credentials, or credentials that are wrong, revoked or expired. Log in again with `heroku login -i`, or send a valid token as `Authorization: Bearer <token>`.",
  },
  delinquent: {
    status: 402,
    documentation:
      "The account or team owes a payment, or its payment method is not confirmed. Settle what is due or confirm the payment method, then repeat the request.",
  },
  forbidden: {
    status: 403,
    documentation:
      "The credentials are valid, but the account, or the scope of the token, does not allow this. Ask an owner of the resource for access, or use a token with a wider scope.",
  },
  suspended: {
    status: 403,
    documentation:
      "The account or the app is suspended, so nothing about it can be changed. Ask the operator of this Conifer why, and what lifts the suspension.",
  },
  two_factor: {
    status: 403,
    documentation:
      "The account has a second factor. Repeat the request with a current code in the header `Heroku-Two-Factor-Code`. When the answer names an app, sending the code once to `PUT /apps/{app}/pre-authorizations` covers the requests that follow.",
  },
  device_trust_required: {
    status: 403,
    documentation:
      "The account only accepts log-ins from a trusted device. Log in through the browser instead of with e-mail and password.",
  },
  not_found: {
    status: 404,
    documentation:
      "There is no such resource, or the account may not know that there is. The field `resource` tells which kind was looked for. Check the name or id, and that you are logged in as the right account.",
  },
  method_not_allowed: {
    status: 405,
    documentation:
      "The path exists, but not under this method. The header `Allow` lists the methods that the path knows.",
  },
  not_acceptable: {
    status: 406,
    documentation:
      "The `Accept` header does not ask for version 3 of the API. Send `Accept: application/vnd.heroku+json; version=3`, or a variant of it such as `version=3.sdk`.",
  },
  request_timeout: {
    status: 408,
    documentation:
      "The body of the request did not arrive in time. Check the connection and send the request again.",
  },
  conflict: {
    status: 409,
    documentation:
      "The request contradicts the present state of the resource, such as a one-off dyno for an app that has no release to run, or a change while another one is under way. The message says which; repeat the request when that state has changed.",
  },
  gone: {
    status: 410,
    documentation:
      "The resource existed and has been removed for good, such as an expired log session or an endpoint of an older API. Create a new one, or use the endpoint that took its place.",
  },
  precondition_failed: {
    status: 412,
    documentation:
      "The request had an `If-Match` header and the resource has changed since that ETag was read. Read the resource again, decide anew, and send the new ETag.",
  },
  payload_too_large: {
    status: 413,
    documentation:
      "The body of the request is larger than this endpoint accepts; the message tells the limit. Send less, or upload sources through `POST /sources`.",
  },
  unsupported_media_type: {
    status: 415,
    documentation:
      "The body is not of a type that the endpoint reads. Send JSON with `Content-Type: application/json`.",
  },
  requested_range_not_satisfiable: {
    status: 416,
    documentation:
      "The `Range` header cannot be read, or asks to sort by a field that this list does not sort by. The header `Accept-Ranges` of any answer of this list names the fields; a valid form is `id ..; max=200, order=asc`.",
  },
  invalid_params: {
    status: 422,
    documentation:
      "The request was understood and its content is not valid: a field is missing, unknown or of the wrong form, or a name is taken. The message names the field. Correct it and send the request again.",
  },
  verification_needed: {
    status: 422,
    documentation:
      "The account must be verified with billing information before it can use this. Add a payment method, then repeat the request.",
  },
  multiple_matches: {
    status: 422,
    documentation:
      "A name fits several add-ons or attachments. Name the app or the add-on service as well, or use the id.",
  },
  confirmation_required: {
    status: 423,
    documentation:
      "The request would destroy or replace something that other things depend on. Repeat it with the field `confirm` set to the name in the header `X-Confirmation-Required`.",
  },
  rate_limit: {
    status: 429,
    documentation:
      "The account has used up its requests for the moment; the pool refills steadily. The header `RateLimit-Remaining` of each answer tells what is left. Wait a minute and continue more slowly.",
  },
  internal: {
    status: 500,
    documentation:
      "Something failed inside Conifer, and not because of the request. The same request id is in Conifer's log with the cause. Try again; if it persists, give the operator the header `Request-Id` of the answer.",
  },
  not_implemented: {
    status: 501,
    documentation:
      "This endpoint is part of the API and this version of Conifer does not serve it yet. The page `docs/reference/coverage.md` lists what is served.",
  },
  unavailable: {
    status: 503,
    documentation:
      "A part that the request needs, such as the database, is down or starting. Running apps and the router go on without it. Try again in a few seconds.",
  },
  insufficient_storage: {
    status: 507,
    documentation:
      "The platform's disk is nearly full, so no push, build, upload or image is taken; apps run on, and what is there can be read, changed and removed. Ask the operator for room (`npm run -s doctor` tells how much there is), then try again.",
  },
};
