import { randomBytes } from "node:crypto";
import { API_KEY_PREFIX, type ApiKeys, hashToken, type Log } from "@fieldmesh/runtime";
import type { ApiKey, ApiKeyInput } from "../resources/api-key.js";
import type { Collections } from "./collections.js";
import { RegistryError } from "./registry-error.js";
import type { StoreParts } from "./store-parts.js";
import type { Slice, SliceQuery } from "./table.js";

/** A key as it is kept: what it is compared by, in place of itself. */
export interface KeyDocument extends ApiKey {
  sha256: string;
}

export interface Keys extends ApiKeys {
  list(query: SliceQuery<ApiKey>): Slice<ApiKey>;
  /** The key is told this once. @throws RegistryError exists, invalid, too_many */
  create(input: ApiKeyInput, by: string): Promise<ApiKey & { key: string }>;
  /** It opens nothing from then on. @throws RegistryError not_found */
  revoke(id: string): Promise<void>;
  /**
   * Has `keep` keep a first key, for an administrator, unless that was done once: a key that was revoked stays so.
   * @param keep puts it where its owner finds it
   */
  first(keep: (key: string) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

const MAX_KEYS = 1_000;
const FIRST = "first-key";
const KEYS_KEY = "keys";
/** When a key was used last is written at most this often. */
const USED_EVERY_MS = 60_000;

export function createKeys(
  { keys: table, setup }: Pick<Collections, "keys" | "setup">,
  { turns, clock }: StoreParts,
  log?: Log,
): Keys {
  const byHash = new Map<string, string>();
  for (const { value } of table.values()) byHash.set(value.sha256, value.id);
  table.onChange((_id, now, before) => {
    if (before !== undefined) byHash.delete(before.value.sha256);
    if (now !== undefined) byHash.set(now.value.sha256, now.value.id);
  });

  const used = new Map<string, number>();
  const writeUsed = async (): Promise<void> => {
    const all = [...used];
    used.clear();
    await turns.run({ alone: [KEYS_KEY] }, async () => {
      for (const [id, lastUsedAt] of all) {
        const kept = table.get(id);
        if (kept !== undefined) await table.replace(id, kept.version, { ...kept.value, lastUsedAt });
      }
    });
  };
  const noteUsed = async (): Promise<void> => {
    if (used.size === 0) return;
    await writeUsed().catch((error: unknown) =>
      log?.error({ err: error }, "when keys were used is not noted"),
    );
  };
  const timer = setInterval(() => void noteUsed(), USED_EVERY_MS).unref();

  const insert = async (id: string, input: ApiKeyInput, by: string): Promise<ApiKey & { key: string }> => {
    const key = `${API_KEY_PREFIX}${randomBytes(32).toString("base64url")}`;
    const made: ApiKey = { id, ...input, createdBy: by, createdAt: clock() };
    await table.insert(id, { ...made, sha256: hashToken(key) });
    return { ...made, key };
  };
  return {
    find(sha256) {
      const id = byHash.get(sha256);
      const key = id === undefined ? undefined : table.get(id)?.value;
      if (key === undefined || (key.expiresAt !== undefined && key.expiresAt <= clock())) return undefined;
      used.set(key.id, clock());
      const { name, role, domains, products } = key;
      return {
        name,
        role,
        ...(domains.length + products.length === 0 ? {} : { scopes: { domains, products } }),
      };
    },
    list(query) {
      const { items, ...page } = table.slice({ ...query, where: undefined });
      return { items: items.map(({ value, version }) => shown(value, used.get(value.id), version)), ...page };
    },
    create: (input, by) =>
      turns.run({ alone: [KEYS_KEY] }, async () => {
        const { name, expiresAt } = input;
        for (const { value } of table.values()) {
          if (value.name !== name) continue;
          throw new RegistryError("exists", `there is a key "${name}" already`, [
            { pointer: "/name", value: name },
          ]);
        }
        if (expiresAt !== undefined && expiresAt <= clock()) {
          const detail = "expiresAt: expected a time in the future, in ms since the epoch";
          throw new RegistryError("invalid", detail, [{ pointer: "/expiresAt", value: String(expiresAt) }]);
        }
        if (table.size >= MAX_KEYS) {
          throw new RegistryError("too_many", `there are ${table.size} keys: no more are kept`);
        }
        return insert(randomBytes(8).toString("hex"), input, by);
      }),
    revoke: (id) =>
      turns.run({ alone: [KEYS_KEY] }, async () => {
        if (table.get(id) === undefined) throw new RegistryError("not_found", `there is no key "${id}"`);
        await table.remove(id);
      }),
    first: (keep) =>
      turns.run({ alone: [KEYS_KEY] }, async () => {
        if ((await setup.get(FIRST)) !== undefined) return;
        // One of which the process was killed before it was kept.
        if (table.get(FIRST) !== undefined) await table.remove(FIRST);
        const input: ApiKeyInput = { name: FIRST, role: "admin", domains: [], products: [] };
        const { key } = await insert(FIRST, input, "registry:setup");
        await keep(key);
        await setup.insert(FIRST, { at: clock() });
      }),
    async close() {
      clearInterval(timer);
      await noteUsed();
    },
  };
}

function shown(document: KeyDocument, used: number | undefined, version: number) {
  const { sha256: _sha256, ...key } = document;
  const value: ApiKey = used === undefined ? key : { ...key, lastUsedAt: used };
  return { value, version, json: JSON.stringify(value) };
}
