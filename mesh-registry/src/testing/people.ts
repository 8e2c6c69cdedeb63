import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hashToken, type Role } from "@fieldmesh/runtime";

export interface Person {
  role: Role;
  domains?: string[];
  products?: string[];
}

/** A hash of nobody's password: whoever is in these files comes with a token. */
const HASH = `$scrypt$ln=15,r=8,p=3$${"A".repeat(22)}$${"A".repeat(43)}`;

/**
 * A file of users, so that everybody signs in.
 * @returns the headers by which each of them is known
 */
export async function peopleIn<Name extends string>(
  folder: string,
  people: Record<Name, Person>,
): Promise<Record<Name, { Authorization: string }>> {
  const entries = Object.entries<Person>(people);
  const secretOf = (name: string): string => `fm_token-of-${name}-`.padEnd(40, "x");
  const file = {
    format: 1,
    users: [{ name: "someone", role: "admin", password: HASH }],
    tokens: entries.map(([name, person]) => ({ name, ...person, sha256: hashToken(secretOf(name)) })),
  };
  await writeFile(join(folder, "users.yaml"), JSON.stringify(file)); // JSON is YAML, too
  return Object.fromEntries(
    entries.map(([name]) => [name, { Authorization: `Bearer ${secretOf(name)}` }]),
  ) as Record<Name, { Authorization: string }>;
}
