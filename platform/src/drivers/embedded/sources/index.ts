export { openFileArchiveStore } from "./file-archive-store.ts";
export { type FileSourceStoreOptions, openFileSourceStore } from "./file-source-store.ts";
