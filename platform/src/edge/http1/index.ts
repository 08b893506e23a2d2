export { type BodyListener, BodyReader } from "./body-reader.ts";
export type { Field } from "./field.ts";
export { HeadBuffer } from "./head-buffer.ts";
export { parseRequestHead, REQUEST_LIMITS, type RefusedHead, type RequestHead } from "./request-head.ts";
export { parseResponseHead, RESPONSE_LIMITS, type RejectedHead, type ResponseHead } from "./response-head.ts";
