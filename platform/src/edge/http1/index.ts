export { type BodyLength, CHUNKED, NO_BODY, UNTIL_CLOSE } from "./body-length.ts";
export { type BodyListener, BodyReader } from "./body-reader.ts";
export { type Field, listMembers } from "./field.ts";
export { HeadBuffer, type HeadOutcome } from "./head-buffer.ts";
export { parseRequestHead, REQUEST_LIMITS, type RefusedHead, type RequestHead } from "./request-head.ts";
export { parseResponseHead, RESPONSE_LIMITS, type RejectedHead, type ResponseHead } from "./response-head.ts";
