import { Transform } from "node:stream";

/** Passes bytes on until there are more than `most`, then fails with the error that `refusal` makes. */
export function bounded(most: number, refusal: () => Error): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length;
      if (passed > most) done(refusal());
      else done(null, chunk);
    },
  });
}
