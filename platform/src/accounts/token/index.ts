export { authenticatePassword, authenticateToken } from "./authenticate.ts";
export { createAuthorization } from "./create-authorization.ts";
export { makeToken } from "./token.ts";
export { tokenHandlers } from "./token-api.ts";
export { deleteExpiredAuthorizations } from "./token-store.ts";
