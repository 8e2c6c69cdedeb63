import { type ArrivedReading, clockCorrectionMs } from "@fieldmesh/runtime";
import type { Sample } from "@fieldmesh/storage";

/** A reading as it is kept: its own time stays, and beside it stands the time with the node's clock error taken out. */
export function sampleOf({ reading, clockOffsetMs }: ArrivedReading): Sample {
  const sample: Sample = {
    boot: reading.boot,
    seq: reading.seq,
    at: reading.timestamp - clockCorrectionMs(clockOffsetMs),
    timestamp: reading.timestamp,
    value: reading.value,
    unit: reading.unit,
  };
  if (reading.quality !== undefined) sample.quality = reading.quality;
  if (reading.reason !== undefined) sample.reason = reading.reason;
  return sample;
}
