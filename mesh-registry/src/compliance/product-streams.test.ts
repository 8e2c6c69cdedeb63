import { expect, test } from "vitest";
import { ProductStreams } from "./product-streams.js";

const ports = (...filters: string[]) =>
  filters.map((topicFilter, n) => ({ kind: "mqtt" as const, name: `p${n}`, topicFilter }));
const seen = (stream: string) => ({ stream, node: "desk", seenAt: 1 });

test("streams of a product are the one that was seen of it and those that its ports take", () => {
  const streams = new ProductStreams();
  streams.heard("env_desk_a");
  streams.set({ id: "own", outputPorts: [], observed: seen("env_desk_a") });
  streams.set({ id: "exact", outputPorts: ports("env/desk/b/raw", "env/door/raw", "env/desk/birth", "x/y") });
  streams.set({ id: "wide", outputPorts: ports("env/+/a/raw", "env/desk/#") });
  streams.set({ id: "classic", outputPorts: ports("+/+/raw") });
  expect(streams.streamsOf("own")).toEqual(["env_desk_a"]);
  expect(streams.streamsOf("exact")).toEqual(["env_desk_b", "env_legacy_door"]);
  expect(streams.streamsOf("wide")).toEqual(["env_desk_a"]);
  for (const stream of ["env_desk_c", "env_attic_a", "env_attic_b", "env_legacy_door", "no stream"]) {
    streams.heard(stream);
  }
  expect(streams.streamsOf("wide")).toEqual(["env_attic_a", "env_desk_a", "env_desk_c"]);
  expect(streams.streamsOf("classic")).toEqual(["env_legacy_door"]);
  expect(streams.productsOf("env_desk_a")).toEqual(["own", "wide"]);

  expect(streams.productsOf("env_cellar_a")).toEqual(["wide"]); // not heard of yet
  expect(streams.productsOf("env_cellar_b")).toEqual([]);

  streams.set({ id: "wide", outputPorts: ports("env/attic/+/raw") });
  expect(streams.streamsOf("wide")).toEqual(["env_attic_a", "env_attic_b"]);
  streams.remove("wide");
  streams.heard("env_attic_c");
  expect([streams.streamsOf("wide"), streams.productsOf("env_attic_c")]).toEqual([[], []]);
  expect(streams.productsOf("env_desk_a")).toEqual(["own"]);
});
