import { type Appended, type Sample, SampleError, type Series } from "@fieldmesh/storage";

/**
 * Takes readings as a store does, and can be told to fail, to hang, or to refuse: faults that a real one cannot be
 * brought to in a test.
 */
export class MemorySeries implements Pick<Series, "append"> {
  readonly #streams = new Map<string, Map<string, Sample>>();
  readonly appends: number[] = [];
  /** Thrown by each append while it is set. */
  failWith: Error | undefined;
  /** Each append waits for it. */
  gate: Promise<void> | undefined;
  /** Readings of these values are refused. */
  refuse: number | undefined;

  async append(batch: ReadonlyMap<string, readonly Sample[]>): Promise<Map<string, Appended>> {
    await this.gate;
    if (this.failWith !== undefined) throw this.failWith;
    for (const [stream, samples] of batch) {
      for (const { value } of samples) {
        if (this.refuse !== undefined && value === this.refuse)
          throw new SampleError(stream, "value", value, "another");
      }
    }
    const result = new Map<string, Appended>();
    for (const [stream, samples] of batch) {
      const there = this.#streams.get(stream) ?? new Map<string, Sample>();
      this.#streams.set(stream, there);
      const fresh = samples.filter(({ boot, seq }) => {
        const key = `${boot}/${seq}`;
        return !there.has(key);
      });
      for (const sample of fresh) there.set(`${sample.boot}/${sample.seq}`, sample);
      result.set(stream, { stored: fresh, duplicates: samples.length - fresh.length });
    }
    this.appends.push([...batch.values()].reduce((sum, { length }) => sum + length, 0));
    return result;
  }

  /** In the order in which they were stored. */
  samples(stream: string): Sample[] {
    return [...(this.#streams.get(stream)?.values() ?? [])];
  }
}
