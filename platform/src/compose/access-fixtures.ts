import type { Access } from "./access-file.ts";

/** An access file as a ready instance writes it. */
export function access(given: Partial<Access> = {}): Access {
  return {
    api: "http://localhost:6400",
    router: "http://localhost:8080",
    domain: "localhost",
    email: "me@example.com",
    password: "correct horse",
    token: "HRKU-1234",
    ca: "/home/me/.conifer/ca.pem",
    ...given,
  };
}
