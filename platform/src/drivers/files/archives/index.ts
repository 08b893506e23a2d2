export { ArchiveDamaged, type SectionSum } from "./archive-form.ts";
export { type ArchivedFile, readArchive } from "./read-archive.ts";
export { type ArchiveWriter, createArchive } from "./write-archive.ts";
