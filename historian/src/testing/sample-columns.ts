import type { Sample, SampleColumns } from "@fieldmesh/storage";

/** Stretches of at most 1,024 samples of one unit and type, as a store gives them; `samples` ascend by `at`. */
export function stretchesOf(samples: readonly Sample[], size = 1_024): SampleColumns[] {
  const stretches: SampleColumns[] = [];
  let open: Sample[] = [];
  const typeOf = ({ value }: Sample): string | undefined => (value === null ? undefined : typeof value);
  const close = (): void => {
    const [first] = open;
    if (first === undefined) return;
    const typed = open.find(({ value }) => value !== null);
    const valueType = typeof typed?.value === "boolean" ? "boolean" : "number";
    stretches.push({
      length: open.length,
      at: Float64Array.from(open, ({ at }) => at),
      timestamp: Float64Array.from(open, ({ timestamp }) => timestamp),
      value: Float64Array.from(open, ({ value }) => (value === null ? Number.NaN : Number(value))),
      boot: Float64Array.from(open, ({ boot }) => boot),
      seq: Float64Array.from(open, ({ seq }) => seq),
      unit: first.unit,
      valueType,
      marks: open.flatMap(({ quality, reason }, index) =>
        quality === undefined ? [] : [{ index, quality, ...(reason === undefined ? {} : { reason }) }],
      ),
    });
    open = [];
  };
  for (const sample of samples) {
    const before = open.find(({ value }) => value !== null);
    const type = typeOf(sample);
    const differs =
      open[0] !== undefined &&
      (open[0].unit !== sample.unit ||
        (before !== undefined && type !== undefined && typeOf(before) !== type));
    if (differs || open.length >= size) close();
    open.push(sample);
  }
  close();
  return stretches;
}
