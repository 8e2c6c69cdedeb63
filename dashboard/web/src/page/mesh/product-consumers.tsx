import type { ProductProps } from "./product.js";

export function ProductConsumers({ product }: ProductProps) {
  return <p class="empty">{product.id}</p>;
}
