import type { ComponentChildren } from "preact";
import type { Reading } from "./use-read.js";

/** What was read, or in words why it is not there (yet); what was read before stays below what is wrong now. */
export function Read<T>({
  reading: { data, problem },
  missing,
  children,
}: {
  reading: Reading<T>;
  /** Said where there is no such thing; else the registry's own words. */
  missing?: string;
  children: (data: T) => ComponentChildren;
}) {
  return (
    <>
      {problem !== undefined && (
        <p class="notice" role="status" data-registry-problem={problem.kind}>
          {problem.kind === "missing" ? (missing ?? problem.text) : problem.text}
        </p>
      )}
      {data === undefined ? problem === undefined && <p class="empty-line">Loading…</p> : children(data)}
    </>
  );
}
