import { Qlobber } from "qlobber";

/** Topic filters with something of each, found by topic [MQTT-4.7]. */
export class SubscriptionTrie<T extends { readonly filter: string }> {
  readonly #trie = new Qlobber<T>({
    separator: "/",
    wildcard_one: "+",
    wildcard_some: "#",
    match_empty_levels: true, // [MQTT-4.7.1-3]
  });

  add(value: T): void {
    this.#trie.add(value.filter, value);
  }

  remove(value: T): void {
    this.#trie.remove(value.filter, value);
  }

  /** What matches the topic; a wildcard at the first level does not match `$…` [MQTT-4.7.2-1]. */
  match(topic: string): T[] {
    const found = this.#trie.match(topic);
    if (!topic.startsWith("$")) return found;
    return found.filter(({ filter }) => !filter.startsWith("+") && !filter.startsWith("#"));
  }
}
