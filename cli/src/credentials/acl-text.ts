/**
 * Edits an `acl_file` as text, so that what other people and tools wrote in it stays byte for byte. A user's block
 * goes from its `user` line to the next one; `pattern` lines are everybody's wherever they stand.
 */

/** Stands before each block of ours and says what it was made from, for `credentials list`. */
export interface BlockNote {
  role: string;
  domains: string[];
  node?: string;
}

const NOTE_PREFIX = "# fieldmesh: ";

export function formatNote(note: BlockNote): string {
  const words = [`role=${note.role}`];
  if (note.domains.length > 0) words.push(`domain=${note.domains.join(",")}`);
  if (note.node !== undefined) words.push(`node=${note.node}`);
  return NOTE_PREFIX + words.join(" ");
}

function parseNote(line: string): BlockNote | undefined {
  if (!line.startsWith(NOTE_PREFIX)) return undefined;
  const words = new Map<string, string>();
  for (const word of line.slice(NOTE_PREFIX.length).trim().split(/\s+/)) {
    const [key, value] = word.split("=", 2);
    if (key !== undefined && value !== undefined) words.set(key, value);
  }
  const role = words.get("role");
  if (role === undefined) return undefined;
  const note: BlockNote = { role, domains: words.get("domain")?.split(",") ?? [] };
  const node = words.get("node");
  return node === undefined ? note : { ...note, node };
}

/** The user that a line begins a block for, as Mosquitto reads it; undefined for other lines. */
function userOf(line: string): string | undefined {
  return /^\s*user\s+(.*?)\s*$/.exec(line)?.[1];
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** The text without the user's blocks and their notes. */
export function removeAclBlock(text: string, user: string): string {
  return replaceBlocks(text, user, []);
}

/** The text with the user's block replaced where it stands, or added at the end. */
export function setAclBlock(text: string, user: string, block: string, note: BlockNote): string {
  const wanted = [formatNote(note), ...linesOf(block)];
  const replaced = replaceBlocks(text, user, wanted);
  if (linesOf(text).some((line) => userOf(line) === user)) return replaced;
  return `${replaced}${replaced === "" ? "" : "\n"}${wanted.join("\n")}\n`;
}

/** Puts `lines` where the user's first block stands, and drops the rest of that user's. */
function replaceBlocks(text: string, user: string, lines: readonly string[]): string {
  const kept: string[] = [];
  let inside = false;
  let replaced = false;
  for (const line of linesOf(text)) {
    const begins = userOf(line);
    if (begins !== undefined) {
      inside = begins === user;
      if (inside) {
        if (kept.at(-1)?.startsWith(NOTE_PREFIX)) kept.pop();
        if (!replaced) kept.push(...lines);
        replaced = true;
      }
    }
    // Within the block its topics go; blank lines part it from the next, whose note and comments stay.
    if (!inside || /^\s*(pattern\s|#|$)/.test(line)) kept.push(line);
  }
  const result = kept
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .replace(/^\n+|\n+$/g, "");
  return result === "" ? "" : `${result}\n`;
}

/** What our notes say, by user. Blocks without a note are other people's and not listed. */
export function readNotes(text: string): Map<string, BlockNote> {
  const notes = new Map<string, BlockNote>();
  let last: BlockNote | undefined;
  for (const line of linesOf(text)) {
    const user = userOf(line);
    if (user !== undefined && last !== undefined) notes.set(user, last);
    last = parseNote(line);
  }
  return notes;
}
