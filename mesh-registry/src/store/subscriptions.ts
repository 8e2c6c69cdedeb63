import { createHash } from "node:crypto";
import { isOpen } from "../access/decisions.js";
import type { Subscription, SubscriptionStep } from "../resources/subscription.js";
import type { Collections } from "./collections.js";
import type { Precondition } from "./domains.js";
import { productKey, subscriptionKey } from "./keys.js";
import { RegistryError } from "./registry-error.js";
import type { StoreParts } from "./store-parts.js";
import type { Kept, Slice, SliceQuery } from "./table.js";

/** What somebody asks for. */
export interface Request {
  product: string;
  consumer: string;
  consumerDomain?: string | undefined;
  purpose: string;
  /** ms since the epoch. */
  expiresAt?: number | undefined;
  /** Who says it. */
  by: string;
  /** It need not wait: why. */
  approved?: { by: string; reason: string } | undefined;
}

/** What somebody decides. */
export interface Ruling {
  by: string;
  reason?: string | undefined;
  /** Of an approval: null: never; undefined: as it was asked for. */
  expiresAt?: number | null | undefined;
}

export interface Subscriptions {
  list(query: SliceQuery<Subscription>): Slice<Subscription>;
  /** @throws RegistryError not_found */
  get(id: string): Kept<Subscription>;
  find(product: string, consumer: string): Kept<Subscription> | undefined;
  /** Of one product. */
  ofProduct(product: string): Subscription[];
  /** Of one consumer. */
  ofConsumer(consumer: string): Subscription[];
  /** Those that are approved, also those whose time has come a moment ago. */
  approved(): Iterable<Subscription>;
  /**
   * Asked for twice it is one: one that waits or is approved stays as it is, one that has ended waits again.
   * @throws RegistryError unknown_reference, conflict, invalid, too_many
   */
  ask(request: Request): Promise<{ kept: Kept<Subscription>; made: boolean }>;
  /**
   * Approves one that waits, or gives an approved one another end.
   * @throws RegistryError not_found, conflict, invalid; what the precondition throws
   */
  approve(id: string, ruling: Ruling, check: Precondition<Subscription>): Promise<Kept<Subscription>>;
  /** Rejects one that waits. @throws RegistryError not_found, conflict; what the precondition throws */
  reject(id: string, ruling: Ruling, check: Precondition<Subscription>): Promise<Kept<Subscription>>;
  /**
   * Ends one that is approved; a consumer takes back its own that waits, too.
   * @throws RegistryError not_found, conflict; what the precondition throws
   */
  revoke(id: string, ruling: Ruling, check: Precondition<Subscription>): Promise<Kept<Subscription>>;
  /** Lets one end whose time has come; nothing where it has not. */
  expire(id: string): Promise<void>;
  /** @throws RegistryError conflict with the list, while consumers of the product are approved */
  refuseWhileApproved(product: string): void;
  /** Ends all of a product; asked for by whoever has it alone. */
  endAll(product: string): Promise<void>;
  /** Told of what was written. Answers how to stop. */
  onChange(listener: (now: Subscription, before: Subscription | undefined) => void): () => void;
}

/** Steps that are kept of one; the oldest go. */
const MAX_HISTORY = 50;
/** Of its id; the rest is what tells it apart. */
const SHOWN_OF_PRODUCT = 70;
/** Consumers that a refusal names. */
const MAX_NAMED = 100;

/** Of one consumer and product there is one, so its id is known before it is there. */
export function subscriptionId(product: string, consumer: string): string {
  const hash = createHash("sha256").update(`${product}\n${consumer}`).digest("base64url").slice(0, 22);
  return `${product.slice(0, SHOWN_OF_PRODUCT)}_${hash}`;
}

export async function createSubscriptions(
  { products, subscriptions: table }: Pick<Collections, "products" | "subscriptions">,
  { turns, clock, limits }: StoreParts,
): Promise<Subscriptions> {
  const byProduct = new Index();
  const byConsumer = new Index();
  const take = ({ id, product, consumer }: Subscription): void => {
    byProduct.add(product, id);
    byConsumer.add(consumer, id);
  };
  for (const { value } of table.values()) take(value);
  table.onChange((_id, now) => {
    if (now !== undefined) take(now.value);
  });

  const get = (id: string): Kept<Subscription> => {
    const kept = table.get(id);
    if (kept !== undefined) return kept;
    throw new RegistryError("not_found", `there is no subscription "${id}"`);
  };
  const all = (ids: Iterable<string>): Subscription[] => {
    const found: Subscription[] = [];
    for (const id of ids) {
      const kept = table.get(id);
      if (kept !== undefined) found.push(kept.value);
    }
    return found;
  };
  /** Whoever decides shares the product: it is not retired meanwhile. */
  const inTurn = <T>(id: string, product: string, work: () => Promise<T>): Promise<T> =>
    turns.run({ alone: [subscriptionKey(id)], shared: [productKey(product)] }, work);
  const write = async (kept: Kept<Subscription>, next: Subscription): Promise<Kept<Subscription>> => {
    const written = await table.replace(next.id, kept.version, next);
    if (written !== undefined) return written;
    throw new RegistryError("changed", `subscription "${next.id}" was changed by another meanwhile`);
  };
  /** In its turn, and when whoever asks has seen it as it is. */
  const change = (
    id: string,
    check: Precondition<Subscription>,
    next: (now: Subscription) => Subscription,
  ): Promise<Kept<Subscription>> =>
    inTurn(id, get(id).value.product, async () => {
      const kept = get(id);
      check(kept);
      return write(kept, next(kept.value));
    });
  const decided = (now: Subscription, step: Omit<SubscriptionStep, "at">): Subscription =>
    stepped(now, { ...step, at: clock() });

  const ask: Subscriptions["ask"] = (request) => {
    const { product, consumer, by, approved } = request;
    const id = subscriptionId(product, consumer);
    return inTurn(id, product, async () => {
      const kept = table.get(id);
      // One whose time has come, and the clock has not struck yet, has ended.
      const waits = kept?.value.state === "requested";
      if (kept !== undefined && (waits || isOpen(kept.value, clock()))) {
        if (!waits || approved === undefined) return { kept, made: false };
        const { expiresAt } = kept.value;
        const done = decided(kept.value, { state: "approved", ...approved, ...optional({ expiresAt }) });
        return { kept: await write(kept, done), made: false };
      }
      checkOffered(product);
      refusePast(request.expiresAt, clock());
      const asked = decided(kept?.value ?? begun(request, id, clock()), {
        state: "requested",
        by,
        purpose: request.purpose,
        ...optional({ expiresAt: request.expiresAt }),
      });
      const { expiresAt } = request;
      const next =
        approved === undefined
          ? asked
          : decided(asked, { state: "approved", ...approved, ...optional({ expiresAt }) });
      const renewed: Subscription = {
        ...next,
        ...optional({ consumerDomain: request.consumerDomain }),
        askedBy: by,
      };
      if (kept !== undefined) return { kept: await write(kept, renewed), made: true };
      if (table.size >= limits.subscriptions) throw tooMany(table.size, "subscriptions");
      const count = byConsumer.of(consumer).size;
      if (count >= limits.subscriptionsOfConsumer) throw tooMany(count, `subscriptions of ${consumer}`);
      const made = await table.insert(id, renewed);
      if (made !== undefined) return { kept: made, made: true };
      return { kept: get(id), made: false };
    });
  };
  const checkOffered = (id: string): void => {
    const kept = products.get(id);
    const at = [{ pointer: "/product", value: id }];
    if (kept === undefined) {
      throw new RegistryError("unknown_reference", `product: there is no data product "${id}"`, at);
    }
    const { status } = kept.value;
    if (status === "inactive" || status === "retired") {
      throw new RegistryError(
        "conflict",
        `product: "${id}" is ${status}: nobody subscribes to it any more`,
        at,
      );
    }
  };

  const endAll = async (product: string): Promise<void> => {
    const ends = all(byProduct.of(product)).map(async ({ id }) => {
      const kept = get(id);
      const state = kept.value.state === "requested" ? "rejected" : "revoked";
      if (kept.value.state !== "requested" && kept.value.state !== "approved") return;
      const reason = `data product "${product}" was retired`;
      await write(kept, decided(kept.value, { state, by: "registry:retired", reason }));
    });
    await Promise.all(ends);
  };

  // A product that was retired when the process was killed, before its subscriptions were ended.
  for (const { value } of products.values()) if (value.status === "retired") await endAll(value.id);

  return {
    list: (query) => table.slice(query),
    get,
    find: (product, consumer) => table.get(subscriptionId(product, consumer)),
    ofProduct: (product) => all(byProduct.of(product)),
    ofConsumer: (consumer) => all(byConsumer.of(consumer)),
    *approved() {
      for (const { value } of table.values()) if (value.state === "approved") yield value;
    },
    ask,
    approve: (id, { by, reason, expiresAt }, check) =>
      change(id, check, (now) => {
        checkOffered(now.product);
        const end = expiresAt === undefined ? now.expiresAt : (expiresAt ?? undefined);
        const extends_ = isOpen(now, clock()) && expiresAt !== undefined;
        if (now.state !== "requested" && !extends_) throw wrongState(now, "approved", "one that waits");
        refusePast(end, clock());
        return decided(now, { state: "approved", by, ...optional({ reason, expiresAt: end }) });
      }),
    reject: (id, { by, reason }, check) =>
      change(id, check, (now) => {
        if (now.state !== "requested") throw wrongState(now, "rejected", "one that waits");
        return decided(now, { state: "rejected", by, ...optional({ reason }) });
      }),
    revoke: (id, { by, reason }, check) =>
      change(id, check, (now) => {
        const takenBack = now.state === "requested" && now.consumer === by;
        if (!isOpen(now, clock()) && !takenBack) throw wrongState(now, "revoked", "one that is approved");
        return decided(now, { state: "revoked", by, ...optional({ reason }) });
      }),
    expire: (id) =>
      inTurn(id, get(id).value.product, async () => {
        const kept = get(id);
        if (kept.value.state !== "approved" || isOpen(kept.value, clock())) return;
        await write(kept, decided(kept.value, { state: "expired", by: "registry:expiry" }));
      }),
    refuseWhileApproved(product) {
      const approved = all(byProduct.of(product)).filter((each) => isOpen(each, clock()));
      if (approved.length === 0) return;
      const names = approved.map(({ consumer }) => consumer).toSorted();
      const some = `${names.slice(0, 3).join(", ")}${names.length > 3 ? "…" : ""}`;
      const detail = `data product "${product}" has approved consumers (${names.length}: ${some}): revoke their subscriptions first`;
      const faults = names.slice(0, MAX_NAMED).map((name) => ({
        pointer: "/consumers",
        value: name,
        detail: `${name} is approved: POST /subscriptions/${subscriptionId(product, name)}/revoke`,
      }));
      throw new RegistryError("conflict", detail, faults);
    },
    endAll,
    onChange: (listener) =>
      table.onChange((_id, now, before) => {
        if (now !== undefined) listener(now.value, before?.value);
      }),
  };
}

function begun({ product, consumer, purpose, by }: Request, id: string, now: number): Subscription {
  const history: SubscriptionStep[] = [];
  return {
    id,
    product,
    consumer,
    purpose,
    state: "requested",
    askedBy: by,
    history,
    createdAt: now,
    updatedAt: now,
  };
}

/** The subscription after one more step. */
function stepped(now: Subscription, step: SubscriptionStep): Subscription {
  const { reason: _reason, expiresAt: _expiresAt, decidedBy: _decidedBy, ...rest } = now;
  const { state, at, by, purpose = now.purpose, reason, expiresAt } = step;
  return {
    ...rest,
    purpose,
    state,
    ...optional({ reason, expiresAt, decidedBy: state === "requested" ? undefined : by }),
    history: [...now.history, step].slice(-MAX_HISTORY),
    updatedAt: at,
  };
}

function wrongState({ id, state, decidedBy }: Subscription, wanted: string, expected: string): RegistryError {
  const by = decidedBy === undefined ? "" : ` by ${decidedBy}`;
  return new RegistryError(
    "conflict",
    `subscription "${id}" is ${state}${by}: only ${expected} is ${wanted}`,
  );
}

/** @throws RegistryError invalid */
function refusePast(expiresAt: number | undefined, now: number): void {
  if (expiresAt === undefined || expiresAt > now) return;
  const detail = "expiresAt: expected a time in the future, in ms since the epoch";
  throw new RegistryError("invalid", detail, [{ pointer: "/expiresAt", value: String(expiresAt) }]);
}

function tooMany(count: number, what: string): RegistryError {
  return new RegistryError("too_many", `there are ${count} ${what}: no more are kept`);
}

/** Without what is undefined. */
function optional<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}

/** Ids by a name. */
class Index {
  readonly #ids = new Map<string, Set<string>>();

  of(name: string): ReadonlySet<string> {
    return this.#ids.get(name) ?? new Set();
  }

  add(name: string, id: string): void {
    const ids = this.#ids.get(name);
    if (ids === undefined) this.#ids.set(name, new Set([id]));
    else ids.add(id);
  }
}
