import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeCriReader } from "./cri-entries.ts";
import { type OpenLogFile, openLogFile } from "./open-log-file.ts";
import { makeOutputLines, type OutputLine } from "./output-lines.ts";
import { orderRunFiles, type RunFile } from "./run-files.ts";

/** How far a pod's output was told. */
export interface OutputPlace {
  readonly run: number;
  readonly file: string;
  readonly offset: number;
}

/** A part of a run's output, between two places in one of its files. */
export interface OutputPiece {
  readonly run: number;
  readonly file: string;
  readonly from: number;
  readonly to: number;
  readonly lines: readonly OutputLine[];
  /** Nothing more comes of this run. */
  readonly ended: boolean;
  /** Lines before these were removed before they could be read. */
  readonly isAfterLoss: boolean;
}

export interface PodOutputOptions {
  /** Where the node keeps the container's files. It may not be there yet. */
  readonly folder: string;
  /** A folder to unpack compressed files in. */
  readonly scratch: string;
  /** What was told before this process began. */
  readonly from?: OutputPlace | undefined;
  /** Holds what is read at once; shared by all that read in turn. */
  readonly buffer: Buffer;
  readonly nowMs: () => number;
}

/**
 * Files of one pod that are held open at most. The node keeps five: what it removes is read all the same, but it must not
 * fill the node's disk unseen.
 */
const HELD_FILES = 8;
/** The runtime may write a last entry to a file after it has begun the next one. */
const LATE_MS = 500;
const LOOK_AGAIN_MS = 1_000;

/**
 * Reads what a pod's container writes, run after run and file after file. The node puts files aside, compresses and
 * removes them: each is opened as soon as it is seen, and read to its end whatever becomes of its name. One piece at a
 * time is out; `settle` says what became of it.
 */
export class PodOutput {
  readonly #options: PodOutputOptions;
  readonly #reader = makeCriReader();
  readonly #lines = makeOutputLines();
  /** Oldest first; the first is being read. */
  #files: OpenLogFile[] = [];
  /** By name without `.gz`, of files that were put aside and told. */
  readonly #toldNames = new Set<string>();
  readonly #toldIds = new Set<string>();
  /** Places of files that were put aside with nothing in them: nothing tells such a file from another. */
  readonly #emptyPlaces = new Set<string>();
  /** Files that were seen put aside, and wait to be opened. */
  readonly #unopened = new Set<string>();
  #hasBegun = false;
  #listing = "";
  #lookedAt = Number.NEGATIVE_INFINITY;
  #newerSince: number | undefined;
  #told = 0;
  #read = 0;
  /** The highest run whose end was told. */
  #endTold = -1;
  #place: OutputPlace | undefined;
  #isAfterLoss = false;
  #out: { readonly piece: OutputPiece; readonly isLast: boolean } | undefined;

  constructor(options: PodOutputOptions) {
    this.#options = options;
    this.#place = options.from;
  }

  /** What was told, for the next process to begin behind; undefined before anything was. */
  get place(): OutputPlace | undefined {
    return this.#place;
  }

  /**
   * What comes next; undefined when there is nothing now. `endedRun`: runs up to this one have ended, all of them when
   * infinite.
   */
  async next(endedRun: number): Promise<OutputPiece | undefined> {
    if (this.#out) throw new Error("a piece is out already");
    const { nowMs } = this.#options;
    if (this.#files.length === 0 || nowMs() - this.#lookedAt > LOOK_AGAIN_MS) await this.#look();
    for (;;) {
      const file = this.#files[0];
      if (!file) return this.#endWithoutFile(endedRun);
      const found = this.#readOn(file);
      if (found) return found;
      if (await this.#look()) continue;
      if (!this.#isOver(file, endedRun)) return undefined;
      const last = this.#finish(file, endedRun);
      if (last) return last;
      if (this.#files.length === 0 || this.#files[0] === file) return undefined;
    }
  }

  /** The piece that is out was taken, or another place is where to read on. */
  settle(offset: number): void {
    const out = this.#out;
    this.#out = undefined;
    if (!out) return;
    const { piece, isLast } = out;
    if (offset !== piece.to) {
      this.#seek(offset);
      return;
    }
    this.#isAfterLoss = false;
    if (piece.ended) this.#endTold = Math.max(this.#endTold, piece.run);
    if (piece.file === "") return;
    this.#told = piece.to;
    this.#place = { run: piece.run, file: piece.file, offset: piece.to };
    if (isLast) this.#shift();
  }

  /** True when everything there is was told, the end of each run included. */
  isDone(endedRun: number): boolean {
    const [file, next] = this.#files;
    if (this.#out || next) return false;
    return (
      file === undefined || (file.size() <= this.#told && (endedRun < file.run || this.#endTold >= file.run))
    );
  }

  close(): void {
    for (const file of this.#files) file.close();
    this.#files = [];
  }

  #readOn(file: OpenLogFile): OutputPiece | undefined {
    const id = file.id();
    if (id === undefined) return undefined;
    const { buffer } = this.#options;
    for (;;) {
      let bytes = buffer.subarray(0, file.read(buffer, this.#read));
      // An entry that is larger than all that can be held is cut.
      const isTooLong = bytes.length === buffer.length && !bytes.includes(10);
      if (isTooLong) bytes = Buffer.concat([bytes, NEWLINE]);
      const end = this.#reader.read(bytes, (entry) => this.#lines.add(entry));
      if (end === 0) return undefined;
      this.#read += isTooLong ? end - 1 : end;
      const lines = this.#lines.take();
      if (lines.length > 0) return this.#put({ file, lines });
    }
  }

  /** Whether nothing more comes in this file. */
  #isOver(file: OpenLogFile, endedRun: number): boolean {
    const next = this.#files[1];
    if (!next) return file.run <= endedRun;
    if (next.run > file.run) return true;
    // The runtime begins the next file before it has left this one; a file after that one says that it has.
    const isLeft = this.#files.length > 2 || this.#unopened.size > 0 || next.id() !== undefined;
    if (!isLeft) return false;
    this.#newerSince ??= this.#options.nowMs();
    return this.#options.nowMs() - this.#newerSince >= LATE_MS;
  }

  /** The file's last piece, if there is one left; else it is put away. */
  #finish(file: OpenLogFile, endedRun: number): OutputPiece | undefined {
    const next = this.#files[1];
    const isRunOver = next ? next.run > file.run : file.run <= endedRun;
    const ended = isRunOver && this.#endTold < file.run;
    // A last entry without its end is what a node left that was lost.
    const rest = this.#options.buffer.subarray(0, file.read(this.#options.buffer, this.#read));
    if (rest.length > 0) {
      this.#reader.read(Buffer.concat([rest, NEWLINE]), (entry) => this.#lines.add(entry));
      this.#read += rest.length;
    }
    const lines = this.#lines.take(true);
    const isLast = next !== undefined;
    if (lines.length > 0 || ended) return this.#put({ file, lines, ended, isLast });
    if (isLast) this.#shift();
    return undefined;
  }

  /** A process that was never started has an end, too. */
  #endWithoutFile(endedRun: number): OutputPiece | undefined {
    if (!Number.isFinite(endedRun) || endedRun <= this.#endTold) return undefined;
    if (this.#place && this.#place.run >= endedRun && this.#endTold >= this.#place.run) return undefined;
    return this.#putPiece({ run: endedRun, file: "", from: 0, to: 0, lines: [], ended: true }, false);
  }

  #put(parts: {
    readonly file: OpenLogFile;
    readonly lines: readonly OutputLine[];
    readonly ended?: boolean;
    readonly isLast?: boolean;
  }): OutputPiece {
    const { file, lines, ended = false, isLast = false } = parts;
    const place = { run: file.run, file: file.id() ?? "", from: this.#told, to: this.#read };
    return this.#putPiece({ ...place, lines, ended }, isLast);
  }

  #putPiece(parts: Omit<OutputPiece, "isAfterLoss">, isLast: boolean): OutputPiece {
    const piece = { ...parts, isAfterLoss: this.#isAfterLoss };
    this.#out = { piece, isLast };
    return piece;
  }

  #seek(offset: number): void {
    const size = this.#files[0]?.size() ?? 0;
    this.#told = Math.min(offset, size);
    this.#read = this.#told;
    this.#lines.clear();
  }

  /** Goes on to the next file. */
  #shift(): void {
    const file = this.#files.shift();
    const id = file?.id();
    if (id !== undefined) remember(this.#toldIds, id);
    else if (file) remember(this.#emptyPlaces, file.place);
    file?.close();
    this.#seek(0);
    this.#newerSince = undefined;
    if (this.#unopened.size > 0) this.#listing = "";
  }

  /** Opens what is new; true when there is something. */
  async #look(): Promise<boolean> {
    this.#lookedAt = this.#options.nowMs();
    const before = this.#files.at(-1);
    for (let tries = 0; tries < 5; tries++) {
      const { files, listing } = list(this.#options.folder);
      if (listing === this.#listing) break;
      // While it was listed, a file may have been put aside under a name that had been passed over.
      if (list(this.#options.folder).listing !== listing) continue;
      // A name may have come to mean another file since it was listed: all are looked at until nothing changes.
      if (await this.#hold(files)) this.#listing = listing;
    }
    return this.#files.at(-1) !== before;
  }

  /** False when the folder has changed meanwhile. */
  async #hold(listed: readonly ListedFile[]): Promise<boolean> {
    if (!this.#hasBegun && listed.length > 0 && !(await this.#findBegin(listed))) return false;
    const stems = new Set(listed.map(stemOf));
    if ([...this.#unopened].some((stem) => !stems.has(stem))) this.#isAfterLoss = true;
    this.#unopened.clear();
    const held = new Map(this.#files.map((file) => [file.place, file]));
    let room = HELD_FILES - this.#files.length;
    const order = new Map(listed.map(({ place }, i) => [place, i]));
    for (const [i, file] of listed.entries()) {
      const stem = stemOf(file);
      const isTold = file.run < (this.#options.from?.run ?? 0) || this.#toldNames.has(stem);
      if (isTold || held.has(file.place)) continue;
      if (room <= 0) {
        if (isPutAside(file)) this.#unopened.add(stem);
        continue;
      }
      const found = await this.#open(file);
      if (!found) return false;
      if (this.#isKnown(found, file)) {
        if (isPutAside(file) && this.#toldIds.has(found.id() ?? "")) this.#toldNames.add(stem);
        found.close();
        continue;
      }
      this.#insert(found, i, order);
      room--;
    }
    for (const name of this.#toldNames) if (!stems.has(name)) this.#toldNames.delete(name);
    return true;
  }

  /**
   * Puts a file among those that are held, which are in order: before the first that is listed behind it. One that is not
   * listed any more, for it was compressed or removed, keeps its place.
   */
  #insert(file: OpenLogFile, at: number, order: ReadonlyMap<string, number>): void {
    const behind = this.#files.findIndex(({ place }) => (order.get(place) ?? -1) > at);
    this.#files.splice(behind < 0 ? this.#files.length : behind, 0, file);
  }

  async #open(file: ListedFile): Promise<OpenLogFile | undefined> {
    const { folder, scratch } = this.#options;
    const found = await openLogFile(folder, file, scratch);
    if (found?.place === file.place) return found;
    found?.close();
    return undefined;
  }

  /** The same content may come again under another name, compressed. */
  #isKnown(file: OpenLogFile, { isCompressed }: ListedFile): boolean {
    const id = file.id();
    // Nothing comes into a compressed file any more.
    if (id === undefined) return isCompressed || this.#emptyPlaces.has(file.place);
    return this.#toldIds.has(id) || this.#files.some((each) => each.id() === id);
  }

  /** Goes to where the process before this one was: the files before that are told. */
  async #findBegin(listed: readonly ListedFile[]): Promise<boolean> {
    const { from } = this.#options;
    for (let i = listed.length - 1; from && i >= 0; i--) {
      const file = listed[i];
      if (!file || file.run !== from.run) continue;
      const found = await this.#open(file);
      if (!found) return false;
      if (found.id() !== from.file) {
        found.close();
        continue;
      }
      for (const before of listed.slice(0, i)) this.#toldNames.add(stemOf(before));
      this.#files.push(found);
      this.#seek(from.offset);
      break;
    }
    this.#hasBegun = true;
    if (from && this.#files.length === 0) this.#isAfterLoss = listed.some(({ run }) => run === from.run);
    return true;
  }
}

const NEWLINE = Buffer.from("\n");

/** Adds to what is remembered, of which the oldest is forgotten. */
function remember(known: Set<string>, one: string): void {
  known.add(one);
  for (const oldest of known) if (known.size > 2 * HELD_FILES) known.delete(oldest);
}

interface ListedFile extends RunFile {
  readonly place: string;
}

/** A file that was put aside keeps its name, but for being compressed. */
function stemOf({ name }: RunFile): string {
  return name.replace(/\.gz$/, "");
}

function isPutAside({ name }: RunFile): boolean {
  return !name.endsWith(".log");
}

function list(folder: string): { files: ListedFile[]; listing: string } {
  const files: ListedFile[] = [];
  for (const file of orderRunFiles(namesIn(folder))) {
    const facts = statSync(join(folder, file.name), { throwIfNoEntry: false });
    if (facts) files.push({ ...file, place: `${facts.dev}:${facts.ino}` });
  }
  return { files, listing: files.map(({ name, place }) => `${name} ${place}`).join("\n") };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw thrown;
  }
}
