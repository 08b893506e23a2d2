export { isAbove, measureTree, type TreeSize } from "./measure-tree.ts";
export { kindInside, readInside } from "./read-inside.ts";
export { mountPoints, removeTree } from "./remove-tree.ts";
export { unpackTar } from "./unpack-tar.ts";
