import { IdTakenError, IndexError } from "@fieldmesh/storage";
import type { ComplianceChange } from "../resources/compliance.js";
import type { Collections } from "./collections.js";
import type { ChangeDocument, Standing } from "./governance-collections.js";
import { changeId, standingKey } from "./keys.js";
import type { StoreParts } from "./store-parts.js";

/** How products stood, and the changes of that. */
export interface ComplianceRecords {
  /** As it was recorded last. */
  of(product: string): Standing | undefined;
  all(): Iterable<Standing>;
  /** Records a change and what it leads to. Of one product the last changes are kept. */
  record(change: ComplianceChange, verdicts: Standing["verdicts"]): Promise<Standing>;
  /** The product is gone or retired: its changes stay, it stands nowhere. */
  forget(product: string): Promise<void>;
  /** Newest first. */
  changes(
    product: string,
    page: { after?: string | undefined; limit: number },
  ): Promise<{ items: ComplianceChange[]; total: number; next?: string | undefined }>;
}

export function createComplianceRecords(
  { standings: table, changes }: Pick<Collections, "standings" | "changes">,
  { turns, limits }: StoreParts,
): ComplianceRecords {
  const sequenceOf = async (
    product: string,
    order: "ascending" | "descending",
  ): Promise<number | undefined> => {
    const { items } = await changes.find({ index: "sequence", equals: [product], order, limit: 1 });
    return items[0]?.document.sequence;
  };
  return {
    of: (product) => table.get(product)?.value,
    *all() {
      for (const { value } of table.values()) yield value;
    },
    record: (change, verdicts) => {
      const { product, version, state, at } = change;
      return turns.run({ alone: [standingKey(product)] }, async () => {
        const kept = table.get(product);
        const before = kept?.value;
        // Of one that was here before and was forgotten, changes are there still: the new ones come after them.
        const last = before?.sequence ?? (await sequenceOf(product, "descending")) ?? 0;
        const first = before?.oldest ?? (await sequenceOf(product, "ascending")) ?? 1;
        let sequence = last + 1;
        // One of this number may be there when the process was killed before the standing was written.
        for (;;) {
          try {
            await changes.insert(changeId(product, sequence), { ...change, sequence });
            break;
          } catch (error) {
            if (!(error instanceof IdTakenError || error instanceof IndexError)) throw error;
            sequence += 1;
          }
        }
        const oldest = Math.max(first, sequence - limits.complianceChanges + 1);
        for (let past = first; past < oldest; past++) await changes.delete(changeId(product, past));
        const since = before?.state === state ? before.since : at;
        const standing: Standing = { product, version, state, since, verdicts, oldest, sequence };
        if (kept === undefined) await table.insert(product, standing);
        else await table.replace(product, kept.version, standing);
        return standing;
      });
    },
    forget: (product) =>
      turns.run({ alone: [standingKey(product)] }, async () => {
        if (table.get(product) !== undefined) await table.remove(product);
      }),
    async changes(product, { after, limit }) {
      const equals = [product];
      const [page, total] = await Promise.all([
        changes.find({ index: "sequence", equals, order: "descending", limit, after }),
        changes.count("sequence", equals),
      ]);
      const items = page.items.map(({ document }) => decode(document));
      return { items, total, next: page.next };
    },
  };
}

function decode({ product, version, at, state, before, rules }: ChangeDocument): ComplianceChange {
  return { product, version, at, state, before, rules };
}
