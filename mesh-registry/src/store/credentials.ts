import { credentialName } from "../broker-access/credential-name.js";
import type { Table } from "./table.js";
import type { Turns } from "./turns.js";

/** That a consumer has a credential at the broker. Its password is the broker's alone. */
export interface Credential {
  consumer: string;
  username: string;
  madeBy: string;
  /** ms since the epoch. */
  madeAt: number;
}

export interface Credentials {
  of(consumer: string): Credential | undefined;
  /** Notes that it has one, or another one, now. */
  made(consumer: string, username: string, by: string): Promise<void>;
}

export function createCredentials(
  { credentials: table }: { credentials: Table<Credential, Credential> },
  { turns, clock }: { turns: Turns; clock: () => number },
): Credentials {
  return {
    of: (consumer) => table.get(credentialName(consumer))?.value,
    made(consumer, username, by) {
      const id = credentialName(consumer);
      return turns.run({ alone: [`credential/${id}`] }, async () => {
        const kept = table.get(id);
        const made: Credential = { consumer, username, madeBy: by, madeAt: clock() };
        await (kept === undefined ? table.insert(id, made) : table.replace(id, kept.version, made));
      });
    },
  };
}
