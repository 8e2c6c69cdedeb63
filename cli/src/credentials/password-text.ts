/** Edits a `password_file` as text: other users' lines, comments and order stay byte for byte. */

function belongsTo(line: string, user: string): boolean {
  return line.startsWith(`${user}:`);
}

/** The text with the user's line replaced where it stands, or added at the end. */
export function setPasswordLine(text: string, user: string, hash: string): string {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const line = `${user}:${hash}`;
  const at = lines.findIndex((existing) => belongsTo(existing, user));
  if (at === -1) lines.push(line);
  else lines[at] = line;
  return `${lines.join("\n")}\n`;
}

/** The text without the user's line. */
export function removePasswordLine(text: string, user: string): string {
  return text
    .split("\n")
    .filter((line) => !belongsTo(line, user))
    .join("\n");
}
