import { mesh } from "../../mesh/api.js";
import type { Conflict, Product } from "../../mesh/types.js";
import { Warning } from "../../view/icons.js";
import { useRead } from "../../view/use-read.js";

/** Two that claim one name: of all, or of those that touch one product. Nothing where there is none. */
export function Conflicts({ product }: { product?: Product }) {
  const { data } = useRead("conflicts", mesh.conflicts);
  const found = (data?.items ?? []).filter((one) => product === undefined || touches(one, product));
  if (found.length === 0) return null;
  return (
    <ul class="notice conflicts" aria-label="Conflicts">
      {found.map((one) => (
        <li key={one.detail} data-conflict-of={one.kind}>
          <Warning /> <span class="break">{one.detail}</span>
        </li>
      ))}
    </ul>
  );
}

function touches(conflict: Conflict, { id, observed }: Product): boolean {
  if (conflict.kind === "stream")
    return conflict.products.includes(id) || conflict.stream === observed?.stream;
  return (
    conflict.streams.includes(id) || (observed !== undefined && conflict.streams.includes(observed.stream))
  );
}
