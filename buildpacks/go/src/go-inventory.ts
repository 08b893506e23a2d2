/**
 * Hashes (`h1:`) of versions of the module golang.org/toolchain, as sum.golang.org has them. With these a build asks no
 * checksum database, and an installation that has turned it off has toolchains that are checked all the same.
 */
export const TOOLCHAIN_HASHES: Readonly<Record<string, string>> = {
  "v0.0.1-go1.23.12.linux-amd64": "h1:CQZ55qhuGAYcgv4npnr3DsfZP3i8URMjkpv7TYHRIH4=",
  "v0.0.1-go1.24.13.linux-amd64": "h1:5sgfUhn9QCgVl4UYj32GrIYFHI3bi2UX55tNfupXwxc=",
  "v0.0.1-go1.25.14.linux-amd64": "h1:XriDgll2yv4W2YeUo2X/WuUuy+iGJkXGH0CQloMBEXo=",
  "v0.0.1-go1.25.14.linux-arm64": "h1:tccCYNAEolyjUyQVNxD/wJuly2Sx85m+OUkzGIhO1oY=",
  "v0.0.1-go1.26.11.linux-amd64": "h1:KyINmJ/FQdKRmDYGuTAAXkumyeR2DyUlSNHZj7XaLFg=",
  "v0.0.1-go1.27.4.linux-amd64": "h1:8Tl0rBb7KdISSdPkZBjlpZxsUBb+004GI/SM2XbmSqI=",
};
