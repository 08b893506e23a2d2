import type { Field, ResponseHead } from "../http1/index.ts";
import { pageText, type RouterPage } from "./error-page.ts";
import {
  type BodyCoding,
  informationalText,
  responseText,
  switchingText,
  trailerLines,
} from "./forward-response.ts";
import type { SocketWriter } from "./socket-writer.ts";

export interface DownloadClient {
  readonly method: string;
  readonly minor: 0 | 1;
  /** The client would let the connection stand. */
  readonly keepAlive: boolean;
}

/** Carries a response to the client, in the form this client understands. */
export class Download {
  readonly #to: SocketWriter;
  readonly #client: DownloadClient;
  #coding: BodyCoding = "as-is";
  #status = 0;
  #bytes = 0;
  #keepAlive = false;

  constructor(to: SocketWriter, client: DownloadClient) {
    this.#to = to;
    this.#client = client;
  }

  /** True once the client has been told a status. */
  get started(): boolean {
    return this.#status !== 0;
  }

  get status(): number {
    return this.#status;
  }

  /** Of the body, without framing. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The connection stands after this response, as far as the response is concerned. */
  get keepAlive(): boolean {
    return this.#keepAlive;
  }

  /** Only the end of the connection tells the client where the body ends. */
  get endsWithConnection(): boolean {
    return this.#coding === "until-close";
  }

  askForBody(): void {
    this.#to.text("HTTP/1.1 100 Continue\r\n\r\n");
    this.#to.flush();
  }

  informational(head: ResponseHead): void {
    // The router answers 100 itself, and a 1.0 client knows no such thing.
    if (head.status !== 100 && this.#client.minor === 1) this.#to.text(informationalText(head));
  }

  head(head: ResponseHead, options: { readonly keepAlive: boolean }): void {
    const keepAlive = options.keepAlive && this.#client.keepAlive;
    const forwarded = responseText(head, { minor: this.#client.minor, keepAlive });
    this.#status = head.status;
    this.#coding = forwarded.coding;
    this.#keepAlive = forwarded.keepAlive;
    this.#to.text(forwarded.text);
  }

  switching(head: ResponseHead): void {
    this.#status = head.status;
    this.#to.text(switchingText(head));
    this.#to.flush();
  }

  data(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#coding === "chunked") this.#to.chunk(bytes);
    else this.#to.bytes(bytes);
  }

  end(trailers: readonly Field[]): void {
    if (this.#coding === "chunked") this.#to.text(`0\r\n${trailerLines(trailers)}\r\n`);
    this.#to.flush();
  }

  /** Answers with a page of the router's own. */
  page(page: RouterPage, options: { readonly keepAlive: boolean }): void {
    this.#keepAlive = options.keepAlive && this.#client.keepAlive;
    const { text, bytes } = pageText(page, { ...this.#client, keepAlive: this.#keepAlive });
    this.#status = page.status;
    this.#bytes = bytes;
    this.#to.text(text);
    this.#to.flush();
  }

  /** False when the client has more than it can take. */
  flush(): boolean {
    return this.#to.flush();
  }
}
