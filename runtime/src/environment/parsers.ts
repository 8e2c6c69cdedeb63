import { resolve } from "node:path";
import { type NameKind, parseName } from "@fieldmesh/protocol";
import { parseDuration, parseSize } from "../config-file/durations.js";
import { parseBrokerAddress } from "../mqtt/broker-address.js";

/** What a parser throws: what is expected, in words; the reader adds the name and the value. */
export class Unexpected extends Error {
  override readonly name = "Unexpected";
  readonly code = "unexpected_value";
}

/** Turns the text of one variable into its value, or throws {@link Unexpected}. */
export type Parser<T> = (text: string) => T;

export const text: Parser<string> = (value) => value;

/** A path of a file or folder, made absolute against the working folder. */
export const path: Parser<string> = (value) => resolve(value);

/** A TCP port; 0 takes any free one. */
export const port: Parser<number> = (value) => {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) {
    throw new Unexpected("a port from 1 to 65535, or 0 for any free one");
  }
  return Number(value);
};

/** A whole number within bounds. */
export function count(least: number, most: number): Parser<number> {
  return (value) => {
    if (!/^\d{1,15}$/.test(value) || Number(value) < least || Number(value) > most) {
      throw new Unexpected(`a whole number from ${least} to ${most}`);
    }
    return Number(value);
  };
}

/** A size with its unit, within bounds that are written the same way; in bytes. */
export function size(least: string, most: string): Parser<number> {
  return bounded(parseSize, least, most, `a size with its unit, ${least} to ${most}`);
}

/** A duration with its unit, within bounds that are written the same way; in ms. */
export function duration(least: string, most: string): Parser<number> {
  return bounded(parseDuration, least, most, `a duration with its unit, ${least} to ${most}`);
}

function bounded(
  parse: (text: string) => number | undefined,
  least: string,
  most: string,
  expected: string,
): Parser<number> {
  return (value) => {
    const parsed = parse(value);
    if (parsed === undefined || parsed < Number(parse(least)) || parsed > Number(parse(most))) {
      throw new Unexpected(expected);
    }
    return parsed;
  };
}

/** An address or host name to listen on, without a port. */
export const host: Parser<string> = (value) => {
  const bare = value.replace(/^\[(.*)\]$/, "$1");
  if (!/^[A-Za-z0-9_.:%-]+$/.test(bare) || /^[^:]*:[^:]*$/.test(bare)) {
    throw new Unexpected('an IP address or host name without a port, as "0.0.0.0"');
  }
  return bare;
};

export function name(kind: NameKind): Parser<string> {
  return (value) => {
    const parsed = parseName(kind, value);
    if (!parsed.ok) throw new Unexpected(parsed.detail.replace(/^[^:]*: (expected )?/, ""));
    return parsed.value;
  };
}

export function oneOf<const T extends string>(...choices: T[]): Parser<T> {
  return (value) => {
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw new Unexpected(`one of ${choices.join(", ")}`);
    return found;
  };
}

/** An http:// or https:// address without credentials, query or fragment. */
export const httpUrl: Parser<URL> = (value) => {
  const expected = 'an http:// or https:// address, as "https://mesh.example.org"';
  if (!URL.canParse(value)) throw new Unexpected(expected);
  const url = new URL(value);
  if (
    !["http:", "https:"].includes(url.protocol) ||
    url.username !== "" ||
    url.search !== "" ||
    url.hash !== ""
  ) {
    throw new Unexpected(expected);
  }
  return url;
};

/** Host names, each with or without a port, separated by commas or spaces. */
export const hostList: Parser<string[]> = (value) => {
  const hosts = value.split(/[\s,]+/).filter((entry) => entry !== "");
  for (const entry of hosts) {
    if (!/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:\d{1,5})?$/.test(entry)) {
      throw new Unexpected(`host names with or without a port, separated by commas; "${entry}" is none`);
    }
  }
  return hosts.map((entry) => entry.toLowerCase());
};

/** Origins of pages, separated by commas or spaces. */
export const originList: Parser<string[]> = (value) => {
  const origins = value.split(/[\s,]+/).filter((entry) => entry !== "");
  for (const entry of origins) {
    const url = URL.canParse(entry) ? new URL(entry) : undefined;
    if (url === undefined || !["http:", "https:"].includes(url.protocol) || url.origin !== entry) {
      throw new Unexpected(
        `origins as "https://app.example.org", lower case, without path, separated by commas; "${entry}" is none`,
      );
    }
  }
  return origins;
};

/**
 * Brokers separated by spaces, each a list of addresses separated by commas that are tried in turn.
 * The outer list has one entry a broker.
 */
export const brokers: Parser<string[][]> = (value) =>
  value
    .trim()
    .replace(/\s*,\s*/g, ",")
    .split(/\s+/)
    .map((broker) => broker.split(",").map(brokerAddress));

function brokerAddress(address: string): string {
  try {
    parseBrokerAddress(address);
  } catch (cause) {
    throw new Unexpected(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  return address;
}

export const serviceToken: Parser<string> = (value) => {
  if (!/^[A-Za-z0-9._~+/-]{20,200}$/.test(value)) {
    throw new Unexpected("20 to 200 letters, digits or . _ ~ + / -");
  }
  return value;
};

/** Where documents are kept: a folder, or a MongoDB server. */
export type StorageAddress = { kind: "folder"; path: string } | { kind: "mongodb"; url: string };

export const storage: Parser<StorageAddress> = (value) => {
  if (/^mongodb(\+srv)?:\/\//.test(value)) return { kind: "mongodb", url: value };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) throw new Unexpected('a folder, or an address "mongodb://…"');
  return { kind: "folder", path: resolve(value) };
};
