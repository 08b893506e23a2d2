import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

type GemFiles = Readonly<Record<string, string>>;

async function tarOf(files: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name, mode: 0o644 }, content);
  tar.finalize();
  return buffer(tar as unknown as AsyncIterable<Buffer>);
}

/** A gem's file as RubyGems packs it: metadata, content and their sums, each compressed, in a tar archive. */
export async function makeGem(gem: {
  readonly name: string;
  readonly version: string;
  readonly files: GemFiles;
  /** Programs in C that are compiled when it is installed, by their `extconf.rb`. */
  readonly extensions?: readonly string[];
}): Promise<Buffer> {
  const list = (values: readonly string[]) =>
    values.length === 0 ? " []" : `\n${values.map((one) => `- ${one}`).join("\n")}`;
  const metadata = `--- !ruby/object:Gem::Specification
name: ${gem.name}
version: !ruby/object:Gem::Version
  version: ${gem.version}
platform: ruby
authors:
- Conifer
bindir: bin
cert_chain: []
date: 2024-01-01 00:00:00.000000000 Z
dependencies: []
description: of a test
executables: []
extensions:${list(gem.extensions ?? [])}
extra_rdoc_files: []
files:${list(Object.keys(gem.files))}
licenses:
- Apache-2.0
metadata: {}
rdoc_options: []
require_paths:
- lib
required_ruby_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: '0'
required_rubygems_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: '0'
requirements: []
rubygems_version: 3.3.15
signing_key:
specification_version: 4
summary: of a test
test_files: []
`;
  const parts = { "metadata.gz": gzipSync(metadata), "data.tar.gz": gzipSync(await tarOf(gem.files)) };
  const sums = Object.entries(parts).map(
    ([name, content]) => `  ${name}: ${createHash("sha256").update(content).digest("hex")}`,
  );
  return tarOf({ ...parts, "checksums.yaml.gz": gzipSync(`---\nSHA256:\n${sums.join("\n")}\n`) });
}
