import type { ComponentChildren } from "preact";

export interface Column {
  label: string;
  /** Aligned by its digits. */
  number?: boolean;
  /** For screen readers only: what stands below names itself. */
  unlabelled?: boolean;
  /** More classes of the heading. */
  class?: string;
}

/** Rows below these headings, in a place that scrolls sideways where the screen is narrower. */
export function Table({
  columns,
  class: more = "",
  children,
}: {
  columns: readonly Column[];
  class?: string;
  children: ComponentChildren;
}) {
  return (
    <div class="table-place">
      <table class={`table ${more}`}>
        <thead>
          <tr>
            {columns.map(({ label, number = false, unlabelled = false, class: name = "" }) => (
              <th key={label} scope="col" class={`${number ? "number" : ""} ${name}`.trim() || undefined}>
                {unlabelled ? <span class="visually-hidden">{label}</span> : label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
