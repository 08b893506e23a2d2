import { parseXml, XmlElement } from "@rgrove/parse-xml";

/** A document of the S3 API: elements in elements, with text at their ends. Namespaces are left out of account. */
export interface S3Element {
  /** The elements of this name right below. */
  all(name: string): readonly S3Element[];
  /** The text of the first element of this name right below; empty when there is none. */
  text(name: string): string;
}

/** Reads a document; undefined when it is none, as what a proxy in between says. */
export function readS3Document(text: string): (S3Element & { readonly name: string }) | undefined {
  // Some stores send spaces ahead to keep the connection, and their declaration comes after them then.
  try {
    const { root } = parseXml(text.trim());
    return root === null ? undefined : { name: root.name, ...elementOf(root) };
  } catch {
    return undefined;
  }
}

function elementOf(element: XmlElement): S3Element {
  const below = (name: string) =>
    element.children.filter((one): one is XmlElement => one instanceof XmlElement && one.name === name);
  return {
    all: (name) => below(name).map(elementOf),
    text: (name) => below(name)[0]?.text ?? "",
  };
}

/** What an `<Error>` says; undefined when the text is none. */
export function readS3Error(text: string): { code: string; message: string; region: string } | undefined {
  const document = readS3Document(text);
  if (document?.name !== "Error") return undefined;
  return { code: document.text("Code"), message: document.text("Message"), region: document.text("Region") };
}
