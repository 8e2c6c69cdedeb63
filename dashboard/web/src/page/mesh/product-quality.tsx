import type { ProductProps } from "./product.js";

export function ProductQuality({ product }: ProductProps) {
  return <p class="empty">{product.id}</p>;
}
