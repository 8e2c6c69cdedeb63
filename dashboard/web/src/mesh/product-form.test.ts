import { describe, expect, it } from "vitest";
import { FormError, toForm, toUpdate } from "./product-form.js";
import type { Product } from "./types.js";

const product: Product = {
  id: "plant-comfort",
  domain: "env",
  owner: "ann",
  description: "How well plants feel.",
  tags: ["climate", "derived"],
  status: "active",
  visibility: "restricted",
  sla: { availability: 99.5, freshness: "30s" },
  metadata: { sensor: "SHT31" },
  outputPorts: [
    { kind: "mqtt", name: "live", topicFilter: "env/greenhouse/+/raw" },
    { kind: "http", name: "history", address: "https://a.example.org/x?y=1" },
  ],
  inputPorts: [{ product: "humidity", description: "for the\ndeficit" }, { product: "temperature" }],
  observed: { stream: "env_a_b", node: "a", seenAt: 1 },
  createdAt: 1,
  updatedAt: 2,
};

describe("the form of a product", () => {
  it("changes nothing when nothing was changed in it", () => {
    const { id: _id, observed: _observed, createdAt: _created, updatedAt: _updated, ...declared } = product;
    expect(toUpdate(product, toForm(product))).toEqual(declared);
  });

  it("sends what was written, without blanks around it", () => {
    const update = toUpdate(product, {
      ...toForm(product),
      owner: " bob ",
      tags: "a, ,b",
      availability: "99,9 %",
      freshness: "5 m",
      timeliness: "",
      outputPorts: "  live  mqtt  env/+/+/raw \n\n",
      inputPorts: "temperature of the air",
      metadata: "",
    });
    expect(update).toMatchObject({
      owner: "bob",
      tags: ["a", "b"],
      sla: { availability: 99.9, freshness: "5m" },
      outputPorts: [{ kind: "mqtt", name: "live", topicFilter: "env/+/+/raw" }],
      inputPorts: [{ product: "temperature", description: "of the air" }],
      metadata: {},
    });
  });

  it.each([
    [{ validity: "much" }, 'validity: "much" is not a number'],
    [{ outputPorts: "live ftp x" }, 'output port "live ftp x"'],
    [{ metadata: "{" }, "metadata is not JSON"],
    [{ metadata: "[1]" }, "expected a JSON object"],
  ])("says of %j what is wrong", (change, words) => {
    const sent = () => toUpdate(product, { ...toForm(product), ...change });
    expect(sent).toThrow(FormError);
    expect(sent).toThrow(words);
  });
});
