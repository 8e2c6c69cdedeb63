import type { Product } from "../resources/product.js";
import type { NodeConflict, Speaker } from "./node-claims.js";

/** What a product, and the list of conflicts, say of two processes under one name. */
export function conflictText({ domain, node, speakers, since }: NodeConflict): string {
  const [last, other] = speakers;
  const hosts =
    last.host === other.host ? `two processes on ${last.host}` : `${named(last)} and ${named(other)}`;
  const when = new Date(since).toISOString();
  return `${domain}/${node} is claimed by ${hosts} since ${when}: give one of the two another NODE_ID`;
}

/** The same of products that offer one stream; undefined where one at most does. */
export function portConflictText(stream: string, [first, ...others]: readonly Product[]): string | undefined {
  if (first === undefined || others.length === 0) return undefined;
  const names = others.map(({ id, owner }) => `"${id}" of ${owner}`).join(", ");
  return `${stream} is offered by "${first.id}" of ${first.owner}, whose word holds, and by ${names}: take the port from one, or name the other as its input`.slice(
    0,
    1_000,
  );
}

function named({ host, boot }: Speaker): string {
  return `${host} (boot ${boot})`;
}
