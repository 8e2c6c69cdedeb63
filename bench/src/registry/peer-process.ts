// A bare Express application that keeps data products in a Map, without checks, sign-in or a medium.
import express from "express";

const products = new Map<string, { id: string }>();
const app = express();
app.use(express.json());
app.get("/products", (_request, response) => {
  response.json([...products.values()].slice(0, 100));
});
app.post("/products", (request, response) => {
  const product = { ...(request.body as { id: string }), createdAt: Date.now() };
  products.set(product.id, product);
  response.status(201).json(product);
});
app.listen(Number(process.argv[2]), "127.0.0.1");
