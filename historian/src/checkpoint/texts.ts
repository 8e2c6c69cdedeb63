import { type Collection, upsert } from "@fieldmesh/storage";

/** A piece of a text that is too long for one document. */
export interface TextDocument {
  pieces: number;
  text: string;
}

/** Characters: in UTF-8 and escaped as JSON at most three times as many bytes, below the 1 MiB of a document. */
const PIECE_CHARS = 300_000;

/** Long texts by name. A text is replaced piece by piece: who needs the old one until then takes another name. */
export class Texts {
  readonly #collection: Collection<TextDocument>;

  constructor(collection: Collection<TextDocument>) {
    this.#collection = collection;
  }

  async get(name: string): Promise<string | undefined> {
    const first = (await this.#collection.get(pieceId(name, 0)))?.document;
    if (first === undefined) return undefined;
    let text = first.text;
    for (let piece = 1; piece < first.pieces; piece += 1) {
      const next = (await this.#collection.get(pieceId(name, piece)))?.document;
      if (next === undefined) return undefined;
      text += next.text;
    }
    return text;
  }

  async put(name: string, text: string): Promise<void> {
    const pieces = Math.max(1, Math.ceil(text.length / PIECE_CHARS));
    const before = (await this.#collection.get(pieceId(name, 0)))?.document.pieces ?? 0;
    for (let piece = 0; piece < pieces; piece += 1) {
      const part = text.slice(piece * PIECE_CHARS, (piece + 1) * PIECE_CHARS);
      await upsert(this.#collection, pieceId(name, piece), { pieces, text: part });
    }
    for (let piece = pieces; piece < before; piece += 1) await this.#collection.delete(pieceId(name, piece));
  }
}

function pieceId(name: string, piece: number): string {
  return `${name}/${piece}`;
}
