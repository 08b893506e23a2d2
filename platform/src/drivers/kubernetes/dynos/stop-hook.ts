/**
 * What a node runs in a dyno before it sends SIGTERM to its first process: sends it to all others, as every engine does. A
 * process that a container was begun with, or that was begun in it from outside as this one, has no parent there. It is
 * sh's own words only, since an image need have no more.
 */
const TERM_THE_OTHERS = `
for folder in /proc/[0-9]*; do
  parent=0
  while read -r name value; do
    if [ "$name" = PPid: ]; then parent=$value; break; fi
  done 2>/dev/null <"$folder/status"
  if [ "$parent" != 0 ]; then kill -TERM "\${folder#/proc/}" 2>/dev/null; fi
done
exit 0`;

/** An image without a shell has its first process told alone. */
export function makeStopHook() {
  return { preStop: { exec: { command: ["/bin/sh", "-c", TERM_THE_OTHERS] } } };
}
