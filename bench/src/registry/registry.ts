import type { Benchmark } from "../benchmark.js";
import { median, percentile, spread } from "../statistics.js";
import { httpLoad, type LoadResult, requestBytes } from "./http-load.js";
import { productOf, questionOf } from "./products.js";
import { BARE_EXPRESS, type CatalogueKind, REGISTRY } from "./subjects.js";

const CONNECTIONS = 16;
const LISTED = 100;
const FEW = 1_000;
const MANY = 20_000;
const LIST = requestBytes("GET", "/products");
const REQUIRED = { listPerS: 3_000, registerPerS: 2_000, share: 0.8, searchMs: 50 };

interface Sample {
  listPerS: number;
  fewPerS: number;
  manyPerS: number;
  listMs: number[];
  fewMs: number[];
  searchMs?: number[];
  searchPerS?: number;
}

/** How fast the registry lists, registers and finds data products, beside a bare Express application. */
export const registry: Benchmark = {
  title: "The mesh registry",
  async run({ progress, quick }) {
    const samples = new Map<string, Sample[]>();
    for (let round = 0; round < (quick ? 1 : 5); round += 1) {
      for (const kind of [REGISTRY, BARE_EXPRESS]) {
        progress(`round ${round + 1}: ${kind.name}`);
        samples.set(kind.name, [
          ...(samples.get(kind.name) ?? []),
          await measure(kind, quick ? 1_000 : 5_000),
        ]);
      }
    }
    const row = (text: string, digits: number, pick: (sample: Sample) => number | undefined) => [
      text,
      ...[...samples.values()].map((runs) => {
        const values = runs.map(pick).filter((value) => value !== undefined);
        return values.length === 0 ? "" : spread(values, digits);
      }),
    ];
    const p99 = (values: number[] | undefined) => (values === undefined ? undefined : percentile(values, 99));
    const ours = samples.get(REGISTRY.name) ?? [];
    const of = (pick: (sample: Sample) => number) => median(ours.map(pick));
    const share = of(({ manyPerS, fewPerS }) => manyPerS / fewPerS);
    const { listPerS, registerPerS, share: least, searchMs } = REQUIRED;
    return {
      title: "The mesh registry",
      about: `Each in a process of its own, ${CONNECTIONS} connections that stay open, the load on the same cores. The registry checks, signs in, counts and writes to the embedded store, and answers when a product is safe on the medium; the Express application checks nothing and keeps a Map. The FastAPI platform whose clients the registry serves listed 111/s and registered 286/s, falling to 87/s as it grew, on such a machine.`,
      columns: ["", ...samples.keys()],
      rows: [
        row(`GET /products, ${LISTED} products, answers/s`, 0, (sample) => sample.listPerS),
        row("p99, ms", 1, ({ listMs }) => p99(listMs)),
        row(`POST /products from ${FEW} products on, answers/s`, 0, (sample) => sample.fewPerS),
        row("p99, ms", 1, ({ fewMs }) => p99(fewMs)),
        row(`POST /products from ${MANY} products on, answers/s`, 0, (sample) => sample.manyPerS),
        row(`of that at ${FEW}`, 2, ({ manyPerS, fewPerS }) => manyPerS / fewPerS),
        row(`GET /products?q=… over ${MANY} products, answers/s`, 0, (sample) => sample.searchPerS),
        row("p50, ms", 1, (sample) => (sample.searchMs === undefined ? undefined : median(sample.searchMs))),
        row("p99, ms", 1, (sample) => p99(sample.searchMs)),
      ],
      required: [
        { text: `at least ${listPerS} lists/s`, met: of((sample) => sample.listPerS) >= listPerS },
        {
          text: `at least ${registerPerS} registrations/s`,
          met:
            Math.min(
              of((sample) => sample.fewPerS),
              of((sample) => sample.manyPerS),
            ) >= registerPerS,
        },
        { text: `at ${MANY} products at least ${least * 100} % of that at ${FEW}`, met: share >= least },
        {
          text: `search over ${MANY} products p99 under ${searchMs} ms`,
          met: of((sample) => percentile(sample.searchMs ?? [], 99)) < searchMs,
        },
      ],
      data: [...samples].map(([name, runs]) => ({
        name,
        runs: runs.map(({ listMs: _list, fewMs: _few, searchMs: _search, ...rates }) => rates),
      })),
    };
  },
};

async function measure(kind: CatalogueKind, requests: number): Promise<Sample> {
  const catalogue = await kind.start();
  const { port } = catalogue;
  const load = (status: number, count: number, request: (n: number) => string): Promise<LoadResult> => {
    let sent = 0;
    const next = (): string | undefined => (sent < count ? request(sent++) : undefined);
    return httpLoad({ port, connections: CONNECTIONS, next, status });
  };
  let made = 0;
  const register = (count: number): Promise<LoadResult> =>
    load(201, count, () => requestBytes("POST", "/products", productOf(made++)));
  try {
    if (kind === REGISTRY) {
      const domain = { id: "sales", name: "Sales", owner: "alice" };
      await load(201, 1, () => requestBytes("POST", "/domains", domain));
    }
    await register(LISTED);
    await load(200, requests, () => LIST); // the compiler's time
    const list = await load(200, requests, () => LIST);
    // Refused here, taken there: the compiler's time without a product more.
    const known = requestBytes("POST", "/products", productOf(0));
    await load(kind === REGISTRY ? 409 : 201, requests, () => known);
    await register(FEW - made);
    const few = await register(2_000);
    await register(MANY - made);
    const search =
      kind === REGISTRY
        ? await load(200, requests, (n) =>
            requestBytes("GET", `/products?limit=20&q=${encodeURIComponent(questionOf(n))}`),
          )
        : undefined;
    const many = await register(2_000);
    return {
      listPerS: perS(list),
      fewPerS: perS(few),
      manyPerS: perS(many),
      listMs: list.latenciesMs,
      fewMs: few.latenciesMs,
      ...(search === undefined ? {} : { searchMs: search.latenciesMs, searchPerS: perS(search) }),
    };
  } finally {
    await catalogue.stop();
  }
}

function perS({ answers, seconds }: LoadResult): number {
  return answers / seconds;
}
