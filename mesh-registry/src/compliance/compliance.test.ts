import { type Broker, startBroker } from "@fieldmesh/broker";
import { encodeQuality, type QualityReport } from "@fieldmesh/protocol";
import type { MqttLink } from "@fieldmesh/runtime";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { ComplianceChange, ComplianceReport } from "../resources/compliance.js";
import { qualityReport } from "../testing/quality.js";
import { registryService, SALES, type Service } from "../testing/service.js";
import { retainedOn, SOON, wireClient } from "../testing/wire-node.js";
import type { ComplianceAnnouncement } from "./announcement.js";

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker({ port: 0 });
});
afterAll(() => broker.close());

const url = (): string => `mqtt://127.0.0.1:${broker.port}`;
const service = (at?: string): Promise<Service> => registryService({ broker: { urls: [url()] } }, at);

async function measure(link: MqttLink, report: QualityReport): Promise<void> {
  await link.publish(`mesh/quality/${report.stream}`, encodeQuality(report), { qos: 1, retain: true });
}

const POLICY = {
  id: "complete",
  name: "Complete",
  type: "quality",
  scope: { kind: "global" },
  enforcement: "mandatory",
  rules: ["completeness >= 95%"],
};

function product(id: string, topicFilter: string, more: object = {}): object {
  const outputPorts = [{ kind: "mqtt", name: "raw", topicFilter }];
  return {
    id,
    domain: "sales",
    owner: "alice",
    status: "active",
    visibility: "public",
    outputPorts,
    ...more,
  };
}

describe("a product of streams", () => {
  test("is judged anew when what is measured changes, and that is announced and remembered", {
    timeout: 60_000,
  }, async () => {
    const { ask, close, folder } = await service();
    const historian = await wireClient(url(), "historian-1");
    const standing = await retainedOn(url(), "mesh/compliance/+");
    const announced = (id: string): ComplianceAnnouncement =>
      JSON.parse(standing.get(`mesh/compliance/${id}`) ?? "{}") as ComplianceAnnouncement;
    await ask("POST", "/domains", SALES);
    await ask("POST", "/policies", POLICY);
    await ask("POST", "/products", product("desk", "env/desk/a/raw"));
    await ask("POST", "/products", product("all", "env/#"));
    await ask("POST", "/products", product("hidden", "env/desk/a/raw", { visibility: "private" }));
    await ask("POST", "/products/desk/versions", { version: "1.0", schema: { value: "number" } });
    await vi.waitFor(() => expect(announced("desk")).toMatchObject({ state: "unknown", unknown: 1 }), SOON);

    await measure(historian, qualityReport("env_desk_a", Date.now(), { completeness: 0.5 }));
    await measure(historian, qualityReport("env_desk_b", Date.now()));
    await vi.waitFor(() => {
      expect(announced("desk")).toEqual({
        product: "desk",
        version: "1.0.0",
        state: "fail",
        since: expect.any(Number),
        passed: 0,
        failed: 1,
        unknown: 0,
        violations: [{ policy: "complete", rule: "completeness >= 95%" }],
      });
      expect(announced("all")).toMatchObject({ version: null, state: "fail" });
    }, SOON);
    expect((await ask("GET", "/compliance?state=fail")).body).toMatchObject([
      { product: "all", violations: [{ reason: "env_desk_a: completeness is 50%" }] },
      {
        product: "desk",
        version: "1.0.0",
        owner: "alice",
        failed: 1,
        policies: [{ policy: "complete", enforcement: "mandatory", state: "fail" }],
      },
      { product: "hidden" },
    ]);

    await measure(historian, qualityReport("env_desk_a", Date.now(), { completeness: 0.96 }));
    await vi.waitFor(() => {
      expect(announced("desk").state).toBe("pass");
      expect(announced("all").state).toBe("pass");
    }, SOON);
    const report = (await ask("GET", "/products/all/compliance")).body as ComplianceReport;
    expect(report).toMatchObject({ state: "pass", since: announced("all").since });
    expect(report.rules).toMatchObject([{ stream: "env_desk_a", measured: 96, source: "measured" }]);
    const history = async (from: Service["ask"]) =>
      (await from("GET", "/products/desk/compliance?history")).body as ComplianceChange[];
    const before = await history(ask);
    expect(before.slice(0, 2).map(({ version, before: was, state }) => [version, was, state])).toEqual([
      ["1.0.0", "fail", "pass"],
      ["1.0.0", "unknown", "fail"],
    ]);
    expect(before[0]).toMatchObject({
      product: "desk",
      rules: [{ policy: "complete", before: "fail", verdict: "pass", reason: "completeness is 96%" }],
    });
    const page = await ask("GET", "/products/desk/compliance/history?limit=1");
    expect(page.body).toEqual(before.slice(0, 1));
    const next = /<([^>]+)>/.exec(page.headers.get("link") ?? "")?.[1] ?? "";
    expect((await ask("GET", next)).body).toEqual(before.slice(1, 2));
    expect(standing.has("mesh/compliance/hidden")).toBe(false);

    // One of its streams is removed, and so nobody measures it.
    await historian.publish("mesh/quality/env_desk_b", "", { qos: 1, retain: true });
    await vi.waitFor(() => expect(announced("all").state).toBe("unknown"), SOON);

    // After a restart the same stands there; what is still on its way from the broker makes nothing unknown.
    const stood = standing.get("mesh/compliance/desk");
    await close();
    const again = await service(folder);
    await vi.waitFor(async () => {
      expect((await again.ask("GET", "/products/desk/compliance")).body).toMatchObject({ state: "pass" });
    }, SOON);
    expect(await history(again.ask)).toEqual(before);
    expect(standing.get("mesh/compliance/desk")).toBe(stood);

    await again.ask("DELETE", "/products/all", undefined, { "If-Match": "*" });
    await vi.waitFor(() => expect(standing.has("mesh/compliance/all")).toBe(false), SOON);
    await again.ask("DELETE", "/policies/complete", undefined, { "If-Match": "*" });
    await vi.waitFor(() => expect(announced("desk")).toMatchObject({ state: "unknown", passed: 0 }), SOON);
    expect((await history(again.ask))[0]).toMatchObject({ rules: [{ verdict: null }] });
  });
});
