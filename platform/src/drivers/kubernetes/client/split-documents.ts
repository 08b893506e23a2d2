const NEWLINE = 10;

/** Cuts a stream of JSON documents, one a line, wherever its chunks end; what stands behind the last line break is dropped. */
export async function* splitDocuments(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = Buffer.concat([...parts, chunk.subarray(start, end)]).toString("utf8");
      parts = [];
      start = end + 1;
      if (line.trim() !== "") yield line;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
}
