import { BusinessError } from "../kernel/index.ts";

/** Largest JSON body. Config vars, the largest ordinary input, are limited to 64 KB for an app. */
export const BODY_LIMIT = 1024 * 1024;
const TOO_LARGE = "FST_ERR_CTP_BODY_TOO_LARGE";

/** Whether a body was refused before it was read to its end. */
export function isTooLarge(thrown: unknown): boolean {
  return codeOf(thrown) === TOO_LARGE;
}

/** Fastify's own refusals, in the API's words; everything else as it came. */
export function inApiWords(thrown: unknown): unknown {
  switch (codeOf(thrown)) {
    case TOO_LARGE:
      return new BusinessError(
        "payload_too_large",
        `The body is larger than the ${BODY_LIMIT} bytes a request may have.`,
      );
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return unsupportedMediaType(undefined);
    case "FST_ERR_BAD_URL":
      return new BusinessError("bad_request", "The path is malformed: it has a `%` that encodes nothing.");
    case "FST_ERR_MAX_PARAM_LENGTH":
      return new BusinessError("not_found", "There is nothing of so long a name or id.");
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return new BusinessError("bad_request", "The body is not as long as its `Content-Length` says.");
    default:
      return thrown;
  }
}

function codeOf(thrown: unknown): unknown {
  return typeof thrown === "object" && thrown !== null && "code" in thrown ? thrown.code : undefined;
}

export function unsupportedMediaType(type: string | undefined): BusinessError {
  const other = type ? `, not ${type.slice(0, 100)}` : "";
  return new BusinessError(
    "unsupported_media_type",
    `Send the body as JSON with Content-Type: application/json${other}.`,
  );
}

/** What goes on the socket of a request that could not even be read, such as one with 100 KB of headers. */
export function unreadableAnswer(code: string | undefined): string {
  const [status, message] =
    code === "HPE_HEADER_OVERFLOW"
      ? ["431 Request Header Fields Too Large", "The headers are longer than a request may have."]
      : code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? ["408 Request Timeout", "The request did not arrive in time."]
        : ["400 Bad Request", "This is not a request that HTTP knows."];
  const id = code === "ERR_HTTP_REQUEST_TIMEOUT" ? "request_timeout" : "bad_request";
  const body = JSON.stringify({ id, message });
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  return `${head}\r\nConnection: close\r\n\r\n${body}`;
}
