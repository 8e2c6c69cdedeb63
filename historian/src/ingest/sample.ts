import type { ArrivedReading } from "@fieldmesh/runtime";
import type { Sample } from "@fieldmesh/storage";

/** A reading as it is kept: its own time stays, and beside it stands the time with the node's clock error taken out. */
export function sampleOf({ reading, clockOffsetMs }: ArrivedReading): Sample {
  const sample: Sample = {
    boot: reading.boot,
    seq: reading.seq,
    // Whole ms: no clock is measured better, and times that step evenly pack well.
    at: reading.timestamp - Math.round(clockOffsetMs),
    timestamp: reading.timestamp,
    value: reading.value,
    unit: reading.unit,
  };
  if (reading.quality !== undefined) sample.quality = reading.quality;
  if (reading.reason !== undefined) sample.reason = reading.reason;
  return sample;
}
