import type { Birth, Reading } from "@fieldmesh/protocol";
import type { ArrivedReading, ConsumerNode } from "@fieldmesh/runtime";
import type { Collection, Sample, SeriesInfo } from "@fieldmesh/storage";
import { beforeEach, describe, expect, it } from "vitest";
import { embeddedStorage } from "../testing/embedded.js";
import { quiet } from "../testing/quiet.js";
import { StreamCatalogue } from "./stream-catalogue.js";
import type { StreamDocument } from "./stream-document.js";

const NAME = "env_desk_temperature";

function nodeWith(sensors: Birth["sensors"]): ConsumerNode {
  const birth: Birth = {
    node: "desk",
    domain: "env",
    boot: 7,
    version: "1.0.0",
    host: "h",
    startedAt: 1,
    sensors,
  };
  return { domain: "env", node: "desk", birth } as ConsumerNode;
}

const TEMPERATURE: Birth["sensors"][number] = {
  id: "temperature",
  label: "Desk",
  type: "temperature",
  unit: "Cel",
  range: { min: -20, max: 60 },
  intervalMs: 1_000,
  maxSilenceMs: 60_000,
  driver: "simulated",
  rules: [],
};

function arrived(value: number | boolean, unit = "Cel"): ArrivedReading {
  const reading: Reading = {
    node: "desk",
    sensor: "temperature",
    value,
    unit,
    timestamp: 1,
    boot: 0,
    seq: 1,
  };
  const stream = { domain: "env", node: "desk", sensor: "temperature" };
  return {
    stream,
    name: NAME,
    reading,
    accounted: false,
    outOfOrder: false,
    arrivedAt: 5,
    clockOffsetMs: 0,
  };
}

describe("the catalogue of streams", () => {
  let collection: Collection<StreamDocument>;
  let infos: SeriesInfo[];
  let newest: Sample | undefined;
  let now: number;
  const open = async (): Promise<StreamCatalogue> => {
    const series = { streams: () => Promise.resolve(infos), latest: () => Promise.resolve(newest) };
    const catalogue = new StreamCatalogue({ collection, series, clock: () => now, log: quiet });
    await catalogue.restore();
    return catalogue;
  };
  beforeEach(async () => {
    collection = await (await embeddedStorage()).collection<StreamDocument>("streams", {});
    infos = [];
    newest = undefined;
    now = 1_000;
  });

  it("knows what a birth says, also after a restart and when the node is gone", async () => {
    const catalogue = await open();
    catalogue.node(nodeWith([TEMPERATURE]), "birth");
    now = 2_000;
    catalogue.node(nodeWith([TEMPERATURE]), "removed");
    await catalogue.flush();
    const again = await open();
    expect(again.list()).toEqual([
      {
        stream: NAME,
        domain: "env",
        node: "desk",
        sensor: "temperature",
        label: "Desk",
        unit: "Cel",
        valueType: "number",
        readings: 0,
        from: null,
        to: null,
        bytes: 0,
      },
    ]);
    expect(again.document(NAME)).toMatchObject({
      source: "birth",
      range: { min: -20, max: 60 },
      intervalMs: 1_000,
      maxSilenceMs: 60_000,
      since: 1_000,
      retiredAt: 2_000,
    });
    again.node(nodeWith([TEMPERATURE]), "birth");
    expect(again.document(NAME)).not.toHaveProperty("retiredAt");
  });

  it("retires a sensor that the node has no more", async () => {
    const catalogue = await open();
    catalogue.node(nodeWith([TEMPERATURE, { ...TEMPERATURE, id: "humidity" }]), "birth");
    catalogue.node(nodeWith([TEMPERATURE]), "birth");
    expect(catalogue.document("env_desk_humidity")).toMatchObject({ retiredAt: 1_000 });
    expect(catalogue.document(NAME)).not.toHaveProperty("retiredAt");
  });

  it("observes a stream that no birth explains, until one does", async () => {
    const catalogue = await open();
    catalogue.observed(arrived(true, "1"));
    expect(catalogue.document(NAME)).toMatchObject({ source: "observed", valueType: "boolean", unit: "1" });
    catalogue.node(nodeWith([TEMPERATURE]), "birth");
    expect(catalogue.document(NAME)).toMatchObject({ source: "birth", valueType: "number", since: 5 });
  });

  it("counts what is stored without asking the store each time", async () => {
    infos = [{ stream: NAME, readings: 10, from: 100, to: 200, bytes: 50 }];
    newest = { boot: 7, seq: 10, at: 200, timestamp: 200, value: 1, unit: "lx" };
    const catalogue = await open();
    expect(catalogue.get(NAME)).toMatchObject({ unit: "lx", readings: 10, from: 100, to: 200, bytes: 50 });
    const sample = { boot: 7, seq: 11, timestamp: 0, value: 1, unit: "lx" };
    catalogue.stored(
      new Map([
        [
          NAME,
          {
            stored: [
              { ...sample, at: 300 },
              { ...sample, at: 90 },
            ],
            duplicates: 1,
          },
        ],
      ]),
    );
    expect(catalogue.get(NAME)).toMatchObject({ readings: 12, from: 90, to: 300, bytes: 50 });
  });
});
