import { matches } from "./objectives-of.js";
import type { ConfigurationContent } from "./schema.js";

/** What a reading has to be, beyond what the birth of its node says. */
export interface Validity {
  /** Any of these. */
  units?: readonly string[];
  type?: "number" | "boolean";
  min?: number;
  max?: number;
}

/** What was said of a stream beyond its objectives. */
export interface Contract {
  /** The data product that promises it, and the version of its contract. */
  product?: string;
  productVersion?: string;
  validity?: Validity;
}

type Layer = ConfigurationContent["streams"][string];

/** As `resolverOf`: the stream's exact name over patterns with ever fewer letters of their own, field by field. */
export function contractsOf({ streams }: ConfigurationContent): (stream: string) => Contract {
  const patterns = Object.entries(streams)
    .filter(([pattern]) => pattern.includes("*"))
    .sort(([a], [b]) => letters(a) - letters(b) || (a < b ? -1 : 1));
  const exact = new Map(Object.entries(streams));
  return (stream) => {
    const matching = patterns.filter(([pattern]) => matches(pattern, stream)).map(([, layer]) => layer);
    const own = exact.get(stream);
    const contract: Contract = {};
    for (const layer of own === undefined ? matching : [...matching, own]) add(contract, layer);
    return contract;
  };
}

function add(contract: Contract, { product, productVersion, validity }: Layer): void {
  if (product !== undefined) {
    contract.product = product;
    // That of another product says nothing of this one.
    delete contract.productVersion;
  }
  if (productVersion !== undefined) contract.productVersion = productVersion;
  if (validity === undefined) return;
  const { unit, type, min, max } = validity;
  contract.validity = {
    ...contract.validity,
    ...(unit === undefined ? {} : { units: typeof unit === "string" ? [unit] : unit }),
    ...(type === undefined ? {} : { type }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
}

function letters(pattern: string): number {
  return pattern.replaceAll("*", "").length;
}
