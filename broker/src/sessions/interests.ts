import { SubscriptionTrie } from "../router/subscription-trie.js";

/** A persistent session's subscription above QoS 0, as it is found by topic. */
export interface Interest {
  readonly filter: string;
  /** The filter, by the name that Aedes looks for. */
  readonly topic: string;
  readonly clientId: string;
  readonly qos: 0 | 1 | 2;
}

/** Topics whose interested sessions are remembered; a change of any subscription forgets all. */
const REMEMBERED_TOPICS = 10_000;
const NOBODY: readonly Interest[] = [];

/** Which persistent sessions want what is published to a topic: each once, at the highest QoS of its subscriptions. */
export class Interests {
  readonly #trie = new SubscriptionTrie<Interest>();
  readonly #byClient = new Map<string, Map<string, Interest>>();
  readonly #byTopic = new Map<string, readonly Interest[]>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Takes the place of the client's interest in the same filter; none at QoS 0, of which nothing is held. */
  set(clientId: string, filter: string, qos: 0 | 1 | 2): void {
    this.delete(clientId, filter);
    if (qos === 0) return;
    const interest = { filter, topic: filter, clientId, qos };
    this.#trie.add(interest);
    const all = this.#byClient.get(clientId);
    if (all === undefined) this.#byClient.set(clientId, new Map([[filter, interest]]));
    else all.set(filter, interest);
    this.#count += 1;
    this.#byTopic.clear();
  }

  delete(clientId: string, filter: string): void {
    const all = this.#byClient.get(clientId);
    const interest = all?.get(filter);
    if (all === undefined || interest === undefined) return;
    this.#trie.remove(interest);
    all.delete(filter);
    if (all.size === 0) this.#byClient.delete(clientId);
    this.#count -= 1;
    this.#byTopic.clear();
  }

  in(topic: string): readonly Interest[] {
    if (this.#count === 0) return NOBODY;
    const remembered = this.#byTopic.get(topic);
    if (remembered !== undefined) return remembered;
    const best = new Map<string, Interest>();
    for (const interest of this.#trie.match(topic)) {
      const other = best.get(interest.clientId);
      if (other === undefined || other.qos < interest.qos) best.set(interest.clientId, interest);
    }
    const found = Array.from(best.values());
    if (this.#byTopic.size >= REMEMBERED_TOPICS) this.#byTopic.clear();
    this.#byTopic.set(topic, found);
    return found;
  }
}
