import type { Storage } from "@fieldmesh/storage";
import type { BundleFile, Provision } from "../resources/provision.js";
import { RegistryError } from "./registry-error.js";
import type { StoreParts } from "./store-parts.js";
import { type Kept, type Slice, type SliceQuery, Table } from "./table.js";

/** What is kept of a provision beside what is answered. No password is. */
export interface ProvisionRecord extends Provision {
  /** Files of the bundle that hold no secret. */
  plain: BundleFile[];
  /** What the credential is for, with the hash of its password. */
  login?: { user: string; domain: string; node: string; broker: string; hash: string } | undefined;
  /** Counts its credentials, from 1. */
  issue: number;
  /** The product was registered by it. */
  madeProduct: boolean;
}

/** As JSON text: parameters have names of their writer's. */
interface ProvisionDocument {
  product: string;
  record: string;
}

export interface Provisions {
  list(query: SliceQuery<ProvisionRecord>): Slice<ProvisionRecord>;
  find(id: string): Kept<ProvisionRecord> | undefined;
  /** @throws RegistryError not_found */
  get(id: string): Kept<ProvisionRecord>;
  /** Of one id only one at a time. @throws RegistryError too_many, changed */
  put(record: ProvisionRecord, before: Kept<ProvisionRecord> | undefined): Promise<Kept<ProvisionRecord>>;
}

export async function openProvisions(
  storage: Storage,
  { limits }: Pick<StoreParts, "limits">,
): Promise<Provisions> {
  const table = await Table.open<ProvisionRecord, ProvisionDocument>(
    await storage.collection<ProvisionDocument>("provisions", {}),
    {
      encode: (record) => ({ product: record.product, record: JSON.stringify(record) }),
      decode: ({ record }) => JSON.parse(record) as ProvisionRecord,
    },
  );
  return {
    list: (query) => table.slice(query),
    find: (id) => table.get(id),
    get(id) {
      const kept = table.get(id);
      if (kept === undefined) throw new RegistryError("not_found", `there is no provision "${id}"`);
      return kept;
    },
    async put(record, before) {
      const { id } = record;
      if (before === undefined && table.size >= limits.provisions) {
        throw new RegistryError("too_many", `there are ${table.size} provisions: no more are kept`);
      }
      const kept =
        before === undefined
          ? await table.insert(id, record)
          : await table.replace(id, before.version, record);
      if (kept !== undefined) return kept;
      throw new RegistryError("changed", `provision "${id}" was changed by another meanwhile`);
    },
  };
}
