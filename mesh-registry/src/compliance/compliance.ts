import type { Log } from "@fieldmesh/runtime";
import type { Announcer } from "../announce/announcer.js";
import type { Conflict } from "../governance/applicable.js";
import { type ApplicableRule, PolicyBook } from "../governance/policy-book.js";
import type { QualityBoard } from "../observe/quality-board.js";
import type { ComplianceChange, ComplianceReport, ComplianceSummary } from "../resources/compliance.js";
import type { Product } from "../resources/product.js";
import type { ProductQuality } from "../resources/quality-metrics.js";
import type { Catalogue } from "../store/catalogue.js";
import { announcementOf, complianceTopic } from "./announcement.js";
import { changeOf, isForgetting } from "./change.js";
import { DueTimes } from "./due-times.js";
import { type FactSources, gatherFacts, noFacts } from "./facts.js";
import { type Judgement, judge } from "./judge.js";
import { JudgingQueue } from "./judging-queue.js";
import { ProductStreams } from "./product-streams.js";
import { qualityOf } from "./quality.js";
import { slaRules } from "./sla-rules.js";
import { summarize } from "./summary.js";

/** How every product stands against the policies that are for it. */
export interface Compliance {
  /** How many products are to be judged anew. */
  readonly waiting: number;
  /** As it is now. @throws RegistryError not_found */
  of(product: string): ComplianceReport;
  /** As it was judged last, without its rules. */
  summaryOf(product: Product): ComplianceSummary;
  /** What was measured of a product, and what was posted. */
  qualityOf(product: Product): ProductQuality;
  /** Policies that are for a product, with what mandatory ones of all take back of them. */
  rulesFor(product: Product): readonly ApplicableRule[];
  /** What mandatory policies of all take back of others. */
  conflicts(): Conflict[];
  /** Streams whose readings a product offers, by name. */
  streamsOf(product: string): readonly string[];
  /** Products that offer a stream, by name. */
  productsOf(stream: string): string[];
  /** Begins to follow what is measured and declared, and to announce how products stand. */
  start(): void;
  close(): Promise<void>;
}

export interface ComplianceOptions {
  catalogue: Pick<
    Catalogue,
    "products" | "versions" | "policies" | "attestations" | "posted" | "complianceRecords"
  >;
  board: QualityBoard;
  announcer: Pick<Announcer, "announce">;
  /** ms since the epoch. */
  clock: () => number;
  log: Log;
  /** After the start, ms: so long what was measured may still be on its way from the broker. Default 15 s. */
  settleMs?: number;
}

const SETTLE_MS = 15_000;
const LOOK_EVERY_MS = 1_000;
/** After a store that failed. */
const AGAIN_MS = 5_000;
/** Written at once: a new policy changes how all products stand. */
const MAX_WRITES = 512;

export function createCompliance(options: ComplianceOptions): Compliance {
  return new Judge(options);
}

class Judge implements Compliance {
  readonly #options: ComplianceOptions;
  readonly #book: PolicyBook;
  readonly #streams = new ProductStreams();
  readonly #due = new DueTimes();
  readonly #queue = new JudgingQueue((id) => this.#judgeAndRecord(id));
  readonly #sources: FactSources;
  readonly #summaries = new Map<string, ComplianceSummary>();
  /** Changes on their way into the store: of one product the next is judged when the last is written. */
  readonly #writing = new Map<string, Promise<void>>();
  /** These wait for a write to be done. */
  readonly #blocked = new Set<string>();
  readonly #stops: (() => void)[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  /** Stood somewhere when this began; what was measured of them may still be on its way. Empty once all has come. */
  readonly #remembered = new Set<string>();
  #closed = false;

  constructor(options: ComplianceOptions) {
    const { catalogue, board } = options;
    const { products, versions, policies, attestations, posted } = catalogue;
    this.#options = options;
    this.#book = new PolicyBook(() => policies.all());
    this.#sources = {
      latest: (stream) => board.latest(stream),
      streamsOf: (product) => this.#streams.streamsOf(product),
      postedOf: (product) => posted.of(product),
      attestationsOf: (product) => attestations.of(product),
      versionOf: (product) => versions.newest(product),
    };
    for (const { value } of products.all()) if (value.status !== "retired") this.#streams.set(value);
  }

  get waiting(): number {
    return this.#queue.size + this.#blocked.size;
  }

  of(id: string): ComplianceReport {
    const { catalogue, clock } = this.#options;
    const product = catalogue.products.get(id).value;
    const now = clock();
    const { report } = this.#judge(product, now);
    const standing = catalogue.complianceRecords.of(id);
    if (standing?.state !== report.state) this.#queue.add(id);
    const since = standing?.state === report.state ? standing.since : null;
    return { ...report, judgedAt: now, since };
  }

  summaryOf(product: Product): ComplianceSummary {
    const { clock, catalogue } = this.#options;
    const summary =
      this.#summaries.get(product.id) ?? summarize(product, this.#judge(product, clock()), clock());
    const standing = catalogue.complianceRecords.of(product.id);
    return { ...summary, since: standing?.state === summary.state ? standing.since : null };
  }

  qualityOf(product: Product): ProductQuality {
    return qualityOf(product, this.#sources, this.#options.clock());
  }

  rulesFor(product: Product): readonly ApplicableRule[] {
    return this.#book.of(product);
  }

  conflicts(): Conflict[] {
    return this.#book.conflicts();
  }

  streamsOf(product: string): readonly string[] {
    return this.#streams.streamsOf(product);
  }

  productsOf(stream: string): string[] {
    return this.#streams.productsOf(stream);
  }

  start(): void {
    const { catalogue, board, announcer, clock, settleMs = SETTLE_MS } = this.#options;
    const { products, versions, policies, attestations, posted, complianceRecords } = catalogue;
    for (const standing of complianceRecords.all()) {
      this.#remembered.add(standing.product);
      const payload = announcementOf(products.find(standing.product)?.value, standing);
      if (payload !== undefined) announcer.announce(complianceTopic(standing.product), payload);
    }
    this.#stops.push(
      board.onReport(({ stream }) => {
        this.#streams.heard(stream);
        for (const id of this.#streams.productsOf(stream)) this.#queue.add(id);
      }),
      board.onGone((stream) => {
        for (const id of this.#streams.productsOf(stream)) this.#queue.add(id);
      }),
      products.onChange((id, now) => {
        if (now === undefined || now.value.status === "retired") this.#streams.remove(id);
        else this.#streams.set(now.value);
        this.#queue.add(id);
      }),
      versions.onPublish((id) => this.#queue.add(id)),
      attestations.onChange((_id, now, before) => {
        const product = (now ?? before)?.value.product;
        if (product !== undefined) this.#queue.add(product);
      }),
      posted.onChange((id) => this.#queue.add(id)),
      policies.onChange(() => {
        this.#book.changed();
        this.#addAll();
      }),
    );
    this.#addAll();
    this.#every(LOOK_EVERY_MS, () => {
      for (const id of this.#due.take(clock())) this.#queue.add(id);
    });
    this.#after(settleMs, () => {
      this.#remembered.clear();
      this.#addAll();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    for (const timer of this.#timers) clearInterval(timer);
    this.#queue.close();
    await Promise.all(this.#writing.values());
  }

  #addAll(): void {
    for (const { value } of this.#options.catalogue.products.all()) this.#queue.add(value.id);
  }

  #judge(product: Product, now: number): Judgement {
    const asked = this.#book.of(product);
    // Of the many of which nothing is asked nothing has to be gathered.
    const isAsked = asked.length > 0 || slaRules(product).length > 0;
    return judge(isAsked ? gatherFacts(product, this.#sources, now) : noFacts(product, this.#sources), asked);
  }

  #judgeAndRecord(id: string): void {
    if (this.#closed) return;
    const { catalogue, clock } = this.#options;
    if (this.#writing.has(id) || this.#writing.size >= MAX_WRITES) {
      this.#blocked.add(id);
      return;
    }
    const product = catalogue.products.find(id)?.value;
    const standing = catalogue.complianceRecords.of(id);
    if (product === undefined || product.status === "retired") {
      this.#summaries.delete(id);
      this.#due.delete(id);
      this.#announce(id);
      if (standing !== undefined) this.#write(id, () => catalogue.complianceRecords.forget(id));
      return;
    }
    const now = clock();
    const judged = this.#judge(product, now);
    this.#due.set(id, judged.until);
    const { report } = judged;
    // Of the many of which nothing is asked nothing is kept.
    if (report.rules.length === 0) this.#summaries.delete(id);
    else this.#summaries.set(id, summarize(product, judged, now));
    this.#announce(id);
    if (report.rules.length === 0 && standing === undefined) return;
    const change = changeOf(report, standing, now);
    if (change === undefined) return;
    if (this.#remembered.has(id) && (isForgetting(change) || this.#streams.isWide(id))) return;
    const verdicts = report.rules.map(({ policy, rule, verdict }) => ({ policy, rule, verdict }));
    this.#write(id, async () => {
      await catalogue.complianceRecords.record(change, verdicts);
      this.#tell(change);
      this.#announce(id);
    });
  }

  #tell({ product, version, state, before, rules }: ComplianceChange): void {
    if (state === before) return;
    const because = rules.find(({ verdict }) => verdict === state);
    const { policy, rule, reason } = because ?? {};
    const log = { product, version, state, before, policy, rule, reason };
    this.#options.log.info(
      log,
      state === "fail" ? "a product does not comply" : "how a product complies changed",
    );
  }

  #announce(id: string): void {
    const { catalogue, announcer } = this.#options;
    const payload = announcementOf(catalogue.products.find(id)?.value, catalogue.complianceRecords.of(id));
    announcer.announce(complianceTopic(id), payload);
  }

  #write(id: string, work: () => Promise<unknown>): void {
    const written = work()
      .catch((error: unknown) => {
        this.#options.log.error(
          { err: error, product: id },
          "how a product stands was not recorded: tries again",
        );
        this.#after(AGAIN_MS, () => this.#queue.add(id));
      })
      .then(() => {
        this.#writing.delete(id);
        for (const blocked of this.#blocked) this.#queue.add(blocked);
        this.#blocked.clear();
      });
    this.#writing.set(id, written);
  }

  #every(ms: number, work: () => void): void {
    this.#timers.push(setInterval(work, ms).unref());
  }

  #after(ms: number, work: () => void): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
      work();
    }, ms).unref();
    this.#timers.push(timer);
  }
}
