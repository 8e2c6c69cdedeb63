import type { ProductProps } from "./product.js";

export function ProductLineage({ product }: ProductProps) {
  return <p class="empty">{product.id}</p>;
}
