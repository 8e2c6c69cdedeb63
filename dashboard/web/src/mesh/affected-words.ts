import type { ImpactReport } from "./governance-types.js";

const counted = (count: number, one: string, more = `${one}s`): string =>
  `${count} ${count === 1 ? one : more}`;

/** Everything that feels it, those included that the user may not see. */
export function affectedText({
  products,
  downstream,
  more,
  owners,
  consumers,
  hidden,
}: ImpactReport): string {
  const all = products.length + downstream.length + more + hidden.products;
  if (all === 0) return "No data product has its data from here.";
  const whose = owners.length === 0 ? "nobody's yet" : `of ${owners.join(", ")}`;
  const who = consumers.length === 0 ? "" : `, read by ${consumers.join(", ")}`;
  return `${counted(all, "data product")} ${all === 1 ? "feels" : "feel"} it: ${whose}${who}.`;
}

/** What is counted and not named; undefined where there is none. */
export function hiddenText({ hidden, more }: ImpactReport): string | undefined {
  const parts = [];
  if (hidden.products > 0) {
    const readers = hidden.consumers === 0 ? "" : ` with ${counted(hidden.consumers, "consumer")}`;
    parts.push(`${counted(hidden.products, "private product")}${readers} that you may not see`);
  }
  if (more > 0) parts.push(`${more} more made of these`);
  return parts.length === 0 ? undefined : `And ${parts.join(", ")}.`;
}

/** Who reads a product, as far as the user may know. */
export function consumersText({
  consumers,
  consumerCount,
}: Pick<ImpactReport["products"][number], "consumers" | "consumerCount">): string {
  const others = consumerCount - consumers.length;
  if (consumerCount === 0) return "read by nobody";
  if (consumers.length === 0) return `read by ${counted(consumerCount, "consumer")}`;
  return `read by ${consumers.join(", ")}${others > 0 ? ` and ${counted(others, "other")}` : ""}`;
}
