import type { Hello } from "@fieldmesh/protocol";
import type { MqttLink } from "@fieldmesh/runtime";

/** Which brokers are connected, and since when that is so. */
export class BrokerStates {
  readonly #links: readonly MqttLink[];
  readonly #clock: () => number;
  readonly #since: number[];
  #revision = 0;

  constructor(links: readonly MqttLink[], clock: () => number) {
    this.#links = links;
    this.#clock = clock;
    this.#since = links.map(() => clock());
  }

  /** Grows with each change. */
  get revision(): number {
    return this.#revision;
  }

  /** The link of this index was connected or lost. */
  changed(index: number): void {
    this.#since[index] = this.#clock();
    this.#revision += 1;
  }

  view(): Hello["brokers"] {
    return this.#links.map((link, index) => ({
      url: link.url,
      connected: link.connected,
      since: this.#since[index] ?? 0,
    }));
  }
}
