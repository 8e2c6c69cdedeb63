import type { Call, Transport } from "./transport.js";

/** One page of a list. */
export interface Page<T> {
  items: T[];
  /** Of the whole list. */
  total: number;
  /** Cursor of the next page, for `after`. */
  next?: string;
}

/** A resource with the tag that a change of it has to name. */
export interface Tagged<T> {
  value: T;
  etag: string;
}

export interface PageQuery {
  limit?: number;
  offset?: number;
  after?: string;
}

const PAGE = 1_000;
/** Others may change the same thing meanwhile: it is read again as often. */
const CHANGES = 5;

export async function json<T>(transport: Transport, call: Call): Promise<T> {
  return (await (await transport(call)).json()) as T;
}

export async function tagged<T>(transport: Transport, call: Call): Promise<Tagged<T>> {
  const response = await transport(call);
  return { value: (await response.json()) as T, etag: response.headers.get("ETag") ?? "*" };
}

export async function page<T>(transport: Transport, path: string, query: object = {}): Promise<Page<T>> {
  const response = await transport({ method: "GET", path, query });
  const items = (await response.json()) as T[];
  const next = /[?&]after=([^&>]+)[^>]*>;\s*rel="next"/.exec(response.headers.get("Link") ?? "")?.[1];
  const total = Number(response.headers.get("X-Total-Count") ?? items.length);
  return { items, total, ...(next === undefined ? {} : { next: decodeURIComponent(next) }) };
}

/** All entries of a list, page after page. */
export async function all<T>(transport: Transport, path: string, query: object = {}): Promise<T[]> {
  const found: T[] = [];
  let after: string | undefined;
  do {
    const { items, next } = await page<T>(transport, path, { ...query, limit: PAGE, after });
    found.push(...items);
    after = next;
  } while (after !== undefined);
  return found;
}

/** A resource that is made, read and listed. */
export interface Readable<T, Query> {
  page(query?: Query & PageQuery): Promise<Page<T>>;
  /** Every entry, as many pages as there are. */
  list(query?: Query): Promise<T[]>;
  /** @throws MeshError not_found */
  get(id: string): Promise<T>;
  /** With the tag that a change of it has to name. */
  read(id: string): Promise<Tagged<T>>;
}

/** A resource that is changed by who has seen it. */
export interface Changeable<T, Input, Update, Query> extends Readable<T, Query> {
  /** @throws MeshError exists, invalid, … */
  create(input: Input): Promise<T>;
  /** @throws MeshError changed when it is not of this tag any more */
  replace(id: string, update: Update, etag: string): Promise<T>;
  /** Reads it, and writes what `change` makes of it; again when another changed it meanwhile. */
  change(id: string, change: (now: T) => Update): Promise<T>;
  /** Without a tag, as it is now. */
  remove(id: string, etag?: string): Promise<void>;
}

export function readable<T, Query extends object>(transport: Transport, path: string): Readable<T, Query> {
  return {
    page: (query) => page(transport, path, query),
    list: (query) => all(transport, path, query),
    get: (id) => json(transport, { method: "GET", path: at(path, id) }),
    read: (id) => tagged(transport, { method: "GET", path: at(path, id) }),
  };
}

export function changeable<T, Input, Update, Query extends object>(
  transport: Transport,
  path: string,
): Changeable<T, Input, Update, Query> {
  const read = readable<T, Query>(transport, path);
  const replace = (id: string, body: Update, ifMatch: string): Promise<T> =>
    json(transport, { method: "PUT", path: at(path, id), body, ifMatch });
  return {
    ...read,
    create: (body) => json(transport, { method: "POST", path, body, once: true }),
    replace,
    change: (id, change) =>
      untilUnchanged(
        () => read.read(id),
        (now, etag) => replace(id, change(now), etag),
      ),
    async remove(id, etag) {
      await transport({ method: "DELETE", path: at(path, id), ifMatch: etag ?? (await read.read(id)).etag });
    },
  };
}

export async function untilUnchanged<T, R>(
  read: () => Promise<Tagged<T>>,
  write: (now: T, etag: string) => Promise<R>,
): Promise<R> {
  for (let left = CHANGES; ; left -= 1) {
    const { value, etag } = await read();
    try {
      return await write(value, etag);
    } catch (error) {
      const isChanged = error instanceof Error && "code" in error && error.code === "changed";
      if (!isChanged || left <= 1) throw error;
    }
  }
}

/** A path below another, with what it names made fit for a URL. */
export function at(path: string, ...names: string[]): string {
  return [path, ...names.map(encodeURIComponent)].join("/");
}
