/** Pointer files are smaller than this. (Git LFS specification, docs/spec.md "The Pointer") */
export const LFS_POINTER_LIMIT = 1024;

const FIRST_LINE = /^version https?:\/\/(git-lfs\.github\.com|hawser\.github\.com)\/spec\/v\d+\n/;

/** True when a file is not the content itself but names where Git LFS keeps it. */
export function isLfsPointer(content: Buffer): boolean {
  const text = content.toString("latin1");
  return FIRST_LINE.test(text) && /^oid sha256:[0-9a-f]{64}$/m.test(text) && /^size \d+$/m.test(text);
}
