/** What work takes turns by. No id has a `~`, a `/` or an `@` in it. */

export const domainKey = (id: string): string => `domain/${id}`;
export const productKey = (id: string): string => `product/${id}`;
export const templateKey = (id: string): string => `template/${id}`;
export const subscriptionKey = (id: string): string => `subscription/${id}`;
export const versionsKey = (product: string): string => `versions/${product}`;
/** All policies: one is judged beside the others. */
export const POLICIES_KEY = "policies";
export const attestationsKey = (product: string): string => `attestations/${product}`;
export const metricsKey = (product: string): string => `metrics/${product}`;
export const standingKey = (product: string): string => `standing/${product}`;
export const edgeKey = (source: string, target: string): string => `edge/${edgeId(source, target)}`;

/** Ids of documents. */
export const edgeId = (source: string, target: string): string => `${source}~${target}`;
/** Claims are words of any script: as an id they are ASCII. */
export const attestationId = (product: string, claim: string): string =>
  `${product}~${Buffer.from(claim).toString("base64url")}`;
export const changeId = (product: string, sequence: number): string => `${product}~${sequence}`;
export const versionId = (product: string, version: string): string => `${product}@${version}`;
