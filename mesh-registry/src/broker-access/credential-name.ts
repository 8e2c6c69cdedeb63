/**
 * Clients and roles of consumers at the broker begin with this, and nothing else does: no user that
 * `fieldmesh credentials` makes can have a dot.
 */
const PREFIX = "consumer.";
const ESCAPE = ".";

/**
 * The user name of a consumer at the broker, and the name of its role. Letters, digits, `-` and `_` stand for
 * themselves, every other byte of its UTF-8 is a dot and two hexadecimal digits: `ann@lab` is `consumer.ann.40lab`.
 * Two consumers never get the same name, and none has a wildcard, a slash, a colon or a blank in it.
 */
export function credentialName(consumer: string): string {
  let name = PREFIX;
  for (const byte of Buffer.from(consumer, "utf8")) {
    const character = String.fromCharCode(byte);
    name += /[a-zA-Z0-9_-]/.test(character) ? character : ESCAPE + byte.toString(16).padStart(2, "0");
  }
  return name;
}

/** Whose name it is; undefined when {@link credentialName} gives it to nobody. */
export function consumerOf(name: string): string | undefined {
  if (!name.startsWith(PREFIX)) return undefined;
  const bytes: number[] = [];
  for (const [part, hex] of name.slice(PREFIX.length).matchAll(/\.([0-9a-f]{2})|./gs)) {
    bytes.push(hex === undefined ? part.charCodeAt(0) : Number.parseInt(hex, 16));
  }
  const consumer = Buffer.from(bytes).toString("utf8");
  return consumer !== "" && credentialName(consumer) === name ? consumer : undefined;
}
