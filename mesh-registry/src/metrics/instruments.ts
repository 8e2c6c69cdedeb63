/** Values of one label set; past it a new one is not kept, so that no caller can fill the memory. */
const MAX_SERIES = 2_000;

export type Labels = Readonly<Record<string, string>>;

/** Something that is told to Prometheus. https://prometheus.io/docs/instrumenting/exposition_formats/ */
export interface Instrument {
  /** Its lines, each with its line feed. */
  text(): string;
}

/** Goes up only. */
export class Counter implements Instrument {
  readonly #name: string;
  readonly #help: string;
  readonly #values = new Map<string, number>();

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  add(labels: Labels = {}, by = 1): void {
    const key = labelText(labels);
    const value = this.#values.get(key);
    if (value === undefined && this.#values.size >= MAX_SERIES) return;
    this.#values.set(key, (value ?? 0) + by);
  }

  text(): string {
    return lines(this.#name, this.#help, "counter", this.#values);
  }
}

/** What is read when it is asked for. */
export class Gauge implements Instrument {
  readonly #name: string;
  readonly #help: string;
  readonly #read: () => Iterable<readonly [labels: Labels, value: number]>;
  readonly #type: "gauge" | "counter";

  constructor(
    name: string,
    help: string,
    read: () => Iterable<readonly [labels: Labels, value: number]>,
    type: "gauge" | "counter" = "gauge",
  ) {
    this.#name = name;
    this.#help = help;
    this.#read = read;
    this.#type = type;
  }

  text(): string {
    const values = [...this.#read()].map(([labels, value]) => [labelText(labels), value] as const);
    return lines(this.#name, this.#help, this.#type, values);
  }
}

/** How often something took at most how long. */
export class Histogram implements Instrument {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  /** @param bounds ascending */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count += 1;
    const at = this.#bounds.findIndex((bound) => value <= bound);
    if (at >= 0) this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  text(): string {
    let below = 0;
    const buckets = this.#bounds.map((bound, at) => {
      below += this.#counts[at] ?? 0;
      return `${this.#name}_bucket{le="${bound}"} ${below}\n`;
    });
    return [
      `# HELP ${this.#name} ${this.#help}\n# TYPE ${this.#name} histogram\n`,
      ...buckets,
      `${this.#name}_bucket{le="+Inf"} ${this.#count}\n`,
      `${this.#name}_sum ${this.#sum}\n${this.#name}_count ${this.#count}\n`,
    ].join("");
  }
}

function lines(
  name: string,
  help: string,
  type: string,
  values: Iterable<readonly [labels: string, value: number]>,
): string {
  const samples = [...values].map(([labels, value]) => `${name}${labels} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.join("")}`;
}

function labelText(labels: Labels): string {
  let shown = "";
  for (const [name, value] of Object.entries(labels)) {
    shown += `${shown === "" ? "{" : ","}${name}="${escaped(value)}"`;
  }
  return shown === "" ? "" : `${shown}}`;
}

function escaped(value: string): string {
  if (!/["\\\n]/.test(value)) return value;
  return value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}
