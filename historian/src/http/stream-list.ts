import type { HistoryStream } from "@fieldmesh/protocol";
import type { Query } from "./parameters.js";

/** Those that meet the query, by name, one page of them. */
export function pageOf(
  streams: readonly HistoryStream[],
  { domain, node, q, after }: Query<"domain" | "node" | "q" | "after">,
  limit: number,
): { items: HistoryStream[]; next?: string } {
  const words = (q ?? "")
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const meets = (stream: HistoryStream): boolean => {
    if (domain !== undefined && stream.domain !== domain) return false;
    if (node !== undefined && stream.node !== node) return false;
    if (after !== undefined && stream.stream <= after) return false;
    if (words.length === 0) return true;
    const text = `${stream.stream} ${stream.label ?? ""} ${stream.unit}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const found = streams
    .filter(meets)
    .sort((one, other) => (one.stream < other.stream ? -1 : one.stream > other.stream ? 1 : 0));
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return found.length > limit && last !== undefined ? { items, next: last.stream } : { items };
}
