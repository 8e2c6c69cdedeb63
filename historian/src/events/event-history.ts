import { type HistoryEvent, type Severity, streamName } from "@fieldmesh/protocol";
import { type ArrivedEvent, clockCorrectionMs } from "@fieldmesh/runtime";
import { type Collection, IdTakenError, type IndexDeclarations, type Range } from "@fieldmesh/storage";

/** An event as it is kept: what is looked for, beside the event itself. */
export interface EventDocument {
  domain: string;
  node: string;
  sensor: string;
  stream: string;
  rule: string;
  state: string;
  severity: string;
  /** Time of the event, ms, the node's clock error taken out. */
  at: number;
  arrivedAt: number;
  event: HistoryEvent["event"];
}

export const EVENT_INDEXES = {
  at: { fields: { at: "number" } },
  stream: { fields: { stream: "string", at: "number" } },
  node: { fields: { domain: "string", node: "string", at: "number" } },
  severity: { fields: { severity: "string", at: "number" } },
} as const satisfies IndexDeclarations;

/** All filters must hold; times in ms, `from` inclusive, `to` exclusive. */
export interface EventQuery {
  stream?: string | undefined;
  domain?: string | undefined;
  node?: string | undefined;
  sensor?: string | undefined;
  rule?: string | undefined;
  state?: "raised" | "cleared" | undefined;
  severity?: Severity | undefined;
  from?: number | undefined;
  to?: number | undefined;
  /** `next` of the page before. */
  after?: string | undefined;
  /** 1 to 1,000. */
  limit: number;
}

export interface EventHistoryOptions {
  collection: Collection<EventDocument>;
}

/** Events wait here while the store is away; some hours of a large house with everything wrong at once. */
const MAX_WAITING = 50_000;
/** Writes side by side: the embedded store puts them into one commit. */
const AT_ONCE = 64;
/** Documents looked at for one page, so that a filter that nothing meets ends; `next` goes on from there. */
const MAX_LOOKED_AT = 20_000;

/** Every event that was ever told, once, however often it came. */
export class EventHistory {
  readonly #options: EventHistoryOptions;
  readonly #waiting = new Map<string, EventDocument>();
  #dropped = 0;
  #flushing: Promise<void> | undefined;

  constructor(options: EventHistoryOptions) {
    this.#options = options;
  }

  /** @param clockOffsetMs node clock minus this clock, where it was measured */
  record(
    { stream, event, arrivedAt }: Pick<ArrivedEvent, "stream" | "event" | "arrivedAt">,
    clockOffsetMs = 0,
  ): void {
    const id = eventId(stream, event);
    if (!this.#waiting.has(id) && this.#waiting.size >= MAX_WAITING) {
      const oldest = this.#waiting.keys().next().value;
      if (oldest !== undefined) this.#waiting.delete(oldest);
      this.#dropped++;
    }
    this.#waiting.set(id, {
      domain: stream.domain,
      node: stream.node,
      sensor: stream.sensor,
      stream: streamName(stream),
      rule: event.rule,
      state: event.state,
      severity: event.severity,
      at: event.timestamp - clockCorrectionMs(clockOffsetMs),
      arrivedAt,
      event,
    });
  }

  /** Not yet safe in the store. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Given up because the store was away for too long. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Writes what waits. @throws what the store throws; nothing is lost then. */
  async flush(): Promise<void> {
    const before = this.#flushing ?? Promise.resolve();
    const flushing = before.catch(() => undefined).then(() => this.#flush());
    this.#flushing = flushing;
    await flushing;
  }

  /** Newest first. */
  async find(query: EventQuery): Promise<{ items: HistoryEvent[]; next?: string }> {
    const items: HistoryEvent[] = [];
    const { index, equals } = narrowest(query);
    const range: Range = {};
    if (query.from !== undefined) range.gte = query.from;
    if (query.to !== undefined) range.lt = query.to;
    let after = query.after;
    let lookedAt = 0;
    do {
      // Never more than are still wanted, so that `next` stands behind the last one taken.
      const limit = Math.min(query.limit - items.length, 1_000);
      const page = await this.#options.collection.find({
        index,
        equals,
        range,
        order: "descending",
        after,
        limit,
      });
      lookedAt += page.items.length;
      for (const { id, document } of page.items) {
        if (meets(document, query)) items.push(view(id, document));
      }
      after = page.next;
    } while (after !== undefined && items.length < query.limit && lookedAt < MAX_LOOKED_AT);
    return after === undefined ? { items } : { items, next: after };
  }

  async count(): Promise<number> {
    return await this.#options.collection.count("at");
  }

  /** Removes events from before a time; answers how many. */
  async prune(before: number): Promise<number> {
    let removed = 0;
    for (;;) {
      const page = await this.#options.collection.find({ index: "at", range: { lt: before }, limit: 1_000 });
      if (page.items.length === 0) return removed;
      for (let i = 0; i < page.items.length; i += AT_ONCE) {
        const some = page.items.slice(i, i + AT_ONCE);
        await Promise.all(some.map(({ id }) => this.#options.collection.delete(id)));
      }
      removed += page.items.length;
    }
  }

  async #flush(): Promise<void> {
    while (this.#waiting.size > 0) {
      const some = [...this.#waiting].slice(0, AT_ONCE);
      await Promise.all(some.map(([id, document]) => this.#write(id, document)));
      for (const [id, document] of some) if (this.#waiting.get(id) === document) this.#waiting.delete(id);
    }
  }

  async #write(id: string, document: EventDocument): Promise<void> {
    try {
      await this.#options.collection.insert(id, document);
    } catch (error) {
      // It came before: at each connect a node tells its standing alarms again.
      if (!(error instanceof IdTakenError)) throw error;
    }
  }
}

/**
 * (`boot`,`seq`) counts the events of a rule. Those of the older form have neither: there the time and the state
 * tell them apart.
 */
function eventId(stream: ArrivedEvent["stream"], { rule, boot, seq, state }: HistoryEvent["event"]): string {
  return `${streamName(stream)}/${rule}/${boot}/${seq}${boot === 0 ? `/${state}` : ""}`;
}

function narrowest(query: EventQuery): { index: keyof typeof EVENT_INDEXES; equals: string[] } {
  if (query.stream !== undefined) return { index: "stream", equals: [query.stream] };
  if (query.domain !== undefined && query.node !== undefined)
    return { index: "node", equals: [query.domain, query.node] };
  if (query.severity !== undefined) return { index: "severity", equals: [query.severity] };
  return { index: "at", equals: [] };
}

const FILTERS = ["stream", "domain", "node", "sensor", "rule", "state", "severity"] as const;

function meets(document: EventDocument, query: EventQuery): boolean {
  return FILTERS.every((field) => query[field] === undefined || query[field] === document[field]);
}

function view(id: string, { domain, stream, event, at, arrivedAt }: EventDocument): HistoryEvent {
  return { id, domain, stream, event, at, arrivedAt };
}
