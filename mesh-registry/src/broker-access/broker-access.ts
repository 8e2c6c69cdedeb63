import { randomBytes } from "node:crypto";
import type { Log, MqttLink, Unsubscribe } from "@fieldmesh/runtime";
import { BrokerAccessError } from "./broker-access-error.js";
import { CommandLine, type CommandLink } from "./command-line.js";
import { bringDoor, giveKey } from "./consumer-door.js";
import { credentialName } from "./credential-name.js";
import { closeDefaults, deleteDoors, listDoors } from "./doors.js";
import { type OpenProducts, roleAcls } from "./role-acls.js";

/** A consumer's user name at the broker, and its password, which is told this once. */
export interface Credential {
  username: string;
  password: string;
}

/** Whether the broker does as it is told. */
export interface BrokerAccessState {
  available: boolean;
  /** What is wrong, and what to do. */
  reason?: string;
}

/** Who may read what at the broker: one client for Mosquitto's dynamic-security plugin and for our broker. */
export interface BrokerAccess {
  /**
   * Makes it so that this consumer's credential reads exactly these topics: product → filters. Idempotent, and of
   * several calls for one consumer the last one counts. Where something was taken its connections end. Resolves when
   * the broker has it, or when that has failed once: it is tried again for as long as it takes, see `state`.
   */
  set(consumer: string, products: OpenProducts): Promise<void>;
  /**
   * Sets everybody: who is not named has nothing any more. From then on the same is done after each connect. Clients
   * and roles that are not a consumer's are not touched. Resolves as `set`.
   */
  reconcile(all: ReadonlyMap<string, OpenProducts>): Promise<void>;
  /**
   * A new password for the consumer's credential, which ends its connections; one that has nothing stays closed.
   * @throws BrokerAccessError when the broker could not be told
   */
  renew(consumer: string): Promise<Credential>;
  readonly state: BrokerAccessState;
  close(): Promise<void>;
}

export interface BrokerAccessOptions {
  /** The registry's one link; whoever made it starts and closes it. */
  link: CommandLink & Pick<MqttLink, "onConnect">;
  log: Pick<Log, "info" | "warn">;
  /** How long an answer of the broker may take before it counts as silent. */
  answerMs?: number;
}

export function createBrokerAccess(options: BrokerAccessOptions): BrokerAccess {
  return new Doors(options);
}

const NOTHING: OpenProducts = new Map();
/** Of 24 characters. */
const PASSWORD_BYTES = 18;
/** After the first failure, doubling… */
const FIRST_RETRY_MS = 1_000;
/** …to this. A new connection is tried at once. */
const LAST_RETRY_MS = 60_000;
/** Doors that are brought at a time when all are. */
const AT_A_TIME = 8;
/** Credentials without a product that are kept for when their consumer is let in again. */
const MAX_CLOSED = 1_000;

class Doors implements BrokerAccess {
  readonly #link: BrokerAccessOptions["link"];
  readonly #log: BrokerAccessOptions["log"];
  readonly #line: CommandLine;
  readonly #stopConnect: Unsubscribe;
  readonly #wanted = new Map<string, OpenProducts>();
  /** Consumers whose door may not be as it should. */
  readonly #due = new Set<string>();
  /** What each consumer's last attempt failed of. */
  readonly #faults = new Map<string, string>();
  /** The last thing that is done for a consumer: one after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** What speaks against any attempt; a consumer's own fault is none. */
  #blocked: BrokerAccessError | undefined;
  /** `reconcile` has been called: it is known who there is. */
  #whole = false;
  #wholeDue = false;
  #working: Promise<void> = Promise.resolve();
  /** A run of {@link #work} is under way. */
  #busy = false;
  #retries = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ link, log, answerMs }: BrokerAccessOptions) {
    this.#link = link;
    this.#log = log;
    this.#line = new CommandLine(link, answerMs);
    this.#stopConnect = link.onConnect(() => {
      this.#wholeDue = this.#whole;
      this.#retries = 0;
      void this.#work();
    });
    void this.#line.listen();
  }

  get state(): BrokerAccessState {
    if (!this.#link.connected)
      return { available: false, reason: `the broker at ${this.#link.url} cannot be reached` };
    const reason = this.#blocked?.message ?? this.#faults.values().next().value;
    return reason === undefined ? { available: true } : { available: false, reason };
  }

  async set(consumer: string, products: OpenProducts): Promise<void> {
    this.#want(consumer, products);
    if (!this.#link.connected) return;
    if (this.#blocked === undefined) await this.#bring(consumer);
    // It may be in vain, and whoever waits here may be answering a request: tried at once, and not waited for.
    else if (!this.#busy) void this.#work();
  }

  #want(consumer: string, products: OpenProducts): void {
    this.#wanted.set(consumer, products);
    this.#due.add(consumer);
    for (const refusal of roleAcls(products).refused)
      this.#log.warn({ consumer, ...refusal }, "a topic filter of a product is not opened at the broker");
  }

  async reconcile(all: ReadonlyMap<string, OpenProducts>): Promise<void> {
    for (const consumer of this.#wanted.keys()) if (!all.has(consumer)) this.#want(consumer, NOTHING);
    for (const [consumer, products] of all) this.#want(consumer, products);
    this.#whole = true;
    this.#wholeDue = true;
    if (this.#link.connected) await this.#work();
  }

  async renew(consumer: string): Promise<Credential> {
    const password = randomBytes(PASSWORD_BYTES).toString("base64url");
    const products = (): OpenProducts => this.#wanted.get(consumer) ?? NOTHING;
    const username = await this.#inTurn(consumer, () => giveKey(this.#line, consumer, products(), password));
    this.#log.info({ consumer, username }, "a consumer's credential at the broker has a new password");
    return { username, password };
  }

  // ---- One consumer ----

  #bring(consumer: string): Promise<void> {
    return this.#inTurn(consumer, async () => {
      const products = this.#wanted.get(consumer) ?? NOTHING;
      if (!this.#due.has(consumer) || this.#closed) return;
      try {
        const commands = await bringDoor(this.#line, consumer, products);
        // Unless it changed meanwhile, and waits for its turn.
        if ((this.#wanted.get(consumer) ?? NOTHING) === products) this.#due.delete(consumer);
        this.#faults.delete(consumer);
        if (commands.length > 0)
          this.#log.info(
            { consumer, username: credentialName(consumer), products: [...products.keys()], commands },
            "access at the broker set",
          );
      } catch (error) {
        this.#failed(error, consumer);
      }
    });
  }

  async #inTurn<T>(consumer: string, act: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(consumer) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(act);
    this.#turns.set(consumer, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(consumer) === turn) this.#turns.delete(consumer);
    }
  }

  // ---- All that is due ----

  /** Does what is due, one run after the other. It never rejects. */
  #work(): Promise<void> {
    this.#working = this.#working.then(async () => {
      if (this.#closed || !this.#link.connected) return;
      this.#busy = true;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#blocked = undefined;
      try {
        await this.#line.listen();
        if (this.#wholeDue) await this.#findStrays();
      } catch (error) {
        this.#failed(error);
      }
      await this.#bringDue();
      if (this.#due.size === 0 && !this.#wholeDue) this.#retries = 0;
      this.#busy = false;
    });
    return this.#working;
  }

  async #bringDue(): Promise<void> {
    const waiting = [...this.#due];
    const one = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        if (this.#blocked !== undefined) return;
        await this.#bring(next);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, one));
  }

  /** Marks everybody as due, and with them whoever has a door at the broker and should not. */
  async #findStrays(): Promise<void> {
    await closeDefaults(this.#line, this.#log);
    const strays: string[] = [];
    for (const consumer of await listDoors(this.#line))
      if (!this.#wanted.has(consumer)) strays.push(consumer);
    const kept = strays.splice(0, MAX_CLOSED);
    if (strays.length > 0) {
      await deleteDoors(this.#line, strays);
      this.#log.info({ consumers: strays.length }, "credentials of consumers without products deleted");
    }
    for (const consumer of kept) this.#wanted.set(consumer, NOTHING);
    for (const consumer of this.#wanted.keys()) this.#due.add(consumer);
    this.#wholeDue = false;
  }

  #failed(error: unknown, consumer?: string): void {
    const fault =
      error instanceof BrokerAccessError
        ? error
        : new BrokerAccessError("broker_refused", error instanceof Error ? error.message : String(error));
    const own = consumer !== undefined && fault.code === "broker_refused";
    const news = own
      ? this.#faults.get(consumer) !== fault.message
      : this.#blocked?.message !== fault.message;
    if (own) this.#faults.set(consumer, fault.message);
    else this.#blocked = fault;
    if (news)
      this.#log.warn(
        { code: fault.code, reason: fault.message, consumer },
        "access at the broker not set yet",
      );
    // Without a connection the next one is waited for.
    if (this.#link.connected) this.#retryLater();
  }

  #retryLater(): void {
    if (this.#timer !== undefined || this.#closed) return;
    const waitMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#retries, 10));
    this.#retries += 1;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#work();
    }, waitMs).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopConnect();
    clearTimeout(this.#timer);
    this.#line.close();
    await Promise.allSettled([this.#working, ...this.#turns.values()]);
  }
}
