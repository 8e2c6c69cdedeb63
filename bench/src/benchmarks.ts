import type { Benchmark } from "./benchmark.js";
import { broker } from "./broker/broker.js";
import { charts } from "./dashboard/charts.js";
import { paint } from "./dashboard/paint.js";
import { pixel } from "./dashboard/pixel.js";
import { edge } from "./edge.js";
import { historian } from "./historian/historian.js";
import { measure } from "./historian/measure.js";
import { mongodb } from "./historian/mongodb.js";
import { latency } from "./latency.js";
import { parse } from "./parse.js";
import { registry } from "./registry/registry.js";

/** Every benchmark by the name it is called with. */
export const benchmarks: Record<string, Benchmark> = {
  parse,
  edge,
  latency,
  pixel,
  paint,
  charts,
  broker,
  historian,
  measure,
  mongodb,
  registry,
};
