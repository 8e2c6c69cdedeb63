import { exchange, nextOf } from "../api.js";

/** Where the dashboard forwards to the registry. */
export const ROOT = "/api/mesh";
export const part = encodeURIComponent;

/** Something that is changed by who has seen it: `etag` goes with the change. */
export interface Tagged<T> {
  value: T;
  etag: string;
}

/** A page of a list. */
export interface List<T> {
  items: T[];
  /** How many there are in all. */
  total: number;
  /** The page after this one, for `mesh.more`; absent on the last. */
  next?: string;
}

export type Ending = AbortSignal | undefined;

export async function read<T>(path: string, signal?: Ending): Promise<T> {
  return (await exchange("GET", ROOT + path, { signal })).json as T;
}

export async function readTagged<T>(path: string, signal?: Ending): Promise<Tagged<T>> {
  const { json, headers } = await exchange("GET", ROOT + path, { signal });
  return { value: json as T, etag: headers.get("etag") ?? "*" };
}

export async function readList<T>(address: string, signal?: Ending): Promise<List<T>> {
  const { json, headers } = await exchange("GET", address, { signal });
  const items = json as T[];
  const next = nextOf(headers, address);
  const total = Number(headers.get("x-total-count") ?? items.length);
  return { items, total, ...(next === undefined ? {} : { next }) };
}

export async function send<T>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T> {
  return (await exchange(method, ROOT + path, { body })).json as T;
}

export async function change<T>(
  method: "PUT" | "DELETE",
  path: string,
  etag: string,
  body?: unknown,
): Promise<T> {
  return (await exchange(method, ROOT + path, { body, headers: { "if-match": etag } })).json as T;
}

export function withQuery(path: string, query: URLSearchParams): string {
  return query.size === 0 ? path : `${path}?${query}`;
}
