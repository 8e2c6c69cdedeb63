import { once } from "node:events";
import { request as httpRequest } from "node:http";
import type { ImportProgress } from "@fieldmesh/protocol";
import { addToken } from "@fieldmesh/runtime";
import type { Sample, SampleColumns } from "@fieldmesh/storage";
import { describe, expect, test, vi } from "vitest";
import { everySecond, type HistoryService, historyService } from "../testing/history-service.js";
import { stretchesOf } from "../testing/sample-columns.js";

const STREAM = "env_greenhouse_temperature";
const NOW = Date.UTC(2027, 0, 31, 12);
const WAIT = { timeout: 10_000, interval: 20 };

function urlOf(service: HistoryService, path: string): string {
  return `${service.url}/api/history/streams/${STREAM}${path}`;
}

describe("readings as a file", () => {
  const samples: Sample[] = [
    { boot: 1_000, seq: 1, at: NOW - 3_000, timestamp: NOW - 2_993, value: 21.5, unit: "Cel" },
    {
      boot: 1_000,
      seq: 2,
      at: NOW - 2_000,
      timestamp: NOW - 1_993,
      value: -3,
      unit: "Cel",
      quality: "uncertain",
      reason: '=cmd|"/c calc"!A1',
    },
    {
      boot: 1_000,
      seq: 3,
      at: NOW - 1_000,
      timestamp: NOW - 993,
      value: null,
      unit: "Cel",
      quality: "bad",
      reason: "open, circuit",
    },
  ];

  test("CSV has a header, RFC 4180 quoting, ISO times, and nothing that a spreadsheet would execute", async () => {
    const service = await historyService({ clock: () => NOW });
    await service.reads.add(STREAM, samples);
    const answer = await fetch(urlOf(service, "/readings?last=1h"), { headers: { accept: "text/csv" } });
    expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    expect(answer.headers.get("content-disposition")).toBe(
      `attachment; filename="${STREAM}_20270131T110000Z_20270131T120000Z.csv"`,
    );
    expect(await answer.text()).toBe(
      [
        "time,value,unit,quality,reason",
        "2027-01-31T11:59:57.000Z,21.5,Cel,,",
        `2027-01-31T11:59:58.000Z,-3,Cel,uncertain,"'=cmd|""/c calc""!A1"`,
        '2027-01-31T11:59:59.000Z,,Cel,bad,"open, circuit"',
        "",
      ].join("\r\n"),
    );
    const ms = await fetch(urlOf(service, "/readings?last=1h&format=csv&times=ms"));
    expect((await ms.text()).split("\r\n")[1]).toBe(`${NOW - 3_000},21.5,Cel,,`);
    const nothing = await fetch(urlOf(service, "/readings?from=0&to=1&format=csv"));
    expect(await nothing.text()).toBe("time,value,unit,quality,reason\r\n");
    const head = await fetch(urlOf(service, "/readings?last=1h&format=csv"), { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  test("NDJSON has everything of every reading", async () => {
    const service = await historyService({ clock: () => NOW });
    await service.reads.add(STREAM, samples);
    const answer = await fetch(urlOf(service, "/readings?last=1h&format=ndjson"));
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = (await answer.text()).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as Sample)).toEqual(samples);
  });

  test("an export of ten million readings is made as fast as it is taken, and ends with who takes it", async () => {
    const service = await historyService({ clock: () => NOW });
    await service.reads.add(STREAM, everySecond(NOW - 5_000, 5));
    const [block] = stretchesOf(everySecond(0, 1_024));
    if (block === undefined) throw new Error("no block");
    let given = 0;
    let ended = false;
    service.reads.series.range = async function* (): AsyncGenerator<SampleColumns> {
      try {
        for (; given < 10_000_000; given += block.length) {
          await Promise.resolve();
          yield block;
        }
      } finally {
        ended = true;
      }
    };
    const request = httpRequest(urlOf(service, "/readings?last=1h&format=csv"));
    request.end();
    const [response] = await once(request, "response"); // and not read
    let before = -1;
    await vi.waitFor(
      () => {
        const still = given === before;
        before = given;
        expect(still).toBe(true);
      },
      { timeout: 10_000, interval: 200 },
    );
    expect(given).toBeLessThan(500_000); // what sockets hold
    expect(ended).toBe(false);
    response.destroy();
    await vi.waitFor(() => expect(ended).toBe(true), WAIT);
    const stoppedAt = given;
    expect(stoppedAt).toBeLessThan(600_000);
  });

  test("a fault in the middle breaks the file off, so that a part is not taken for the whole", async () => {
    const service = await historyService({ clock: () => NOW });
    await service.reads.add(STREAM, everySecond(NOW - 5_000, 5));
    service.reads.series.range = async function* (): AsyncGenerator<SampleColumns> {
      yield* stretchesOf(everySecond(0, 5));
      await Promise.resolve();
      throw Object.assign(new Error("gone"), { code: "store_away" });
    };
    const answer = await fetch(urlOf(service, "/readings?last=1h&format=csv"));
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
  });

  test("only so many at a time", async () => {
    const service = await historyService({ clock: () => NOW });
    await service.reads.add(STREAM, everySecond(NOW - 5_000, 5));
    let open: () => void = () => {};
    service.reads.series.gate = new Promise((proceed) => {
      open = proceed;
    });
    const url = urlOf(service, "/readings?last=1h&format=csv");
    const under = Array.from({ length: 8 }, () => fetch(url));
    await vi.waitFor(async () => expect((await fetch(url)).status).toBe(503), WAIT);
    open();
    for (const answer of await Promise.all(under)) expect(answer.status).toBe(200);
    expect((await fetch(url)).status).toBe(200);
  });
});

async function importCsv(
  service: HistoryService,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<{ status: number; lines: ImportProgress[]; text: string }> {
  const answer = await fetch(urlOf(service, "/import"), {
    method: "POST",
    headers: { "content-type": "text/csv", ...headers },
    body,
  });
  const text = await answer.text();
  const isProgress = answer.headers.get("content-type") === "application/x-ndjson";
  const lines = isProgress
    ? text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as ImportProgress)
    : [];
  return { status: answer.status, lines, text };
}

describe("readings from a file", () => {
  test("are stored as their times name them, once, however often the file comes", async () => {
    const service = await historyService({ clock: () => NOW });
    const file = `\uFEFFtime,value,unit,quality,reason\r\n2027-01-31T11:00:00Z,21.5,Cel,,\r\n${NOW - 60_000},,Cel,bad,"open, ""circuit"""\n`;
    const first = await importCsv(service, file);
    expect(first.lines.at(-1)).toEqual({
      rows: 2,
      stored: 2,
      duplicates: 0,
      refused: 0,
      errors: [],
      done: true,
    });
    const at = NOW - 3_600_000;
    expect(service.reads.series.raw(STREAM)).toEqual([
      { boot: 0, seq: at, at, timestamp: at, value: 21.5, unit: "Cel" },
      {
        boot: 0,
        seq: NOW - 60_000,
        at: NOW - 60_000,
        timestamp: NOW - 60_000,
        value: null,
        unit: "Cel",
        quality: "bad",
        reason: 'open, "circuit"',
      },
    ]);
    expect((await importCsv(service, file)).lines.at(-1)).toMatchObject({ stored: 0, duplicates: 2 });
  });

  test("that were exported come back as they were", async () => {
    const service = await historyService({ clock: () => NOW });
    const samples = everySecond(NOW - 20_000, 12, (i) => (i % 5 === 4 ? null : i / 3)).map((sample, i) =>
      i === 3 ? { ...sample, quality: "uncertain" as const, reason: "'=1+1" } : sample,
    );
    await service.reads.add(STREAM, samples);
    const exported = await (await fetch(urlOf(service, "/readings?last=1h&format=csv"))).text();
    const other = await historyService({ clock: () => NOW });
    expect((await importCsv(other, exported)).lines.at(-1)).toMatchObject({ stored: 12, refused: 0 });
    const again = await (await fetch(urlOf(other, "/readings?last=1h&format=csv"))).text();
    expect(again).toBe(exported);
    const back = other.reads.series.raw(STREAM);
    expect(back.map(({ value, reason }) => [value, reason])).toEqual(
      samples.map(({ value, reason }) => [value, reason]),
    );
  });

  test("need no unit where the stream has one, and columns in any order", async () => {
    const service = await historyService({ clock: () => NOW });
    const unknown = await importCsv(service, "time,value\n1,2\n");
    expect(unknown.status).toBe(422);
    expect(unknown.text).toContain("as nothing is known of the stream yet");
    await service.reads.add(STREAM, everySecond(NOW - 5_000, 1));
    const known = await importCsv(service, `Value, TIME\n 7.25 ,${NOW - 1}\n`);
    expect(known.lines.at(-1)).toMatchObject({ stored: 1 });
    expect(service.reads.series.raw(STREAM).at(-1)).toMatchObject({ value: 7.25, unit: "Cel" });
  });

  test("rows that are wrong are named by line, field, value and what was expected, and left out", async () => {
    const service = await historyService({ clock: () => NOW });
    const rows = [
      "time,value,unit,quality,reason",
      "yesterday,1,Cel,,",
      "2027-01-31 11:00:00,1,Cel,,",
      `${NOW + 90_000_000},1,Cel,,`,
      "2027-01-31T11:00:01Z,warm,Cel,,",
      "2027-01-31T11:00:02Z,1e999,Cel,,",
      "2027-01-31T11:00:03Z,,Cel,,",
      "2027-01-31T11:00:04Z,1,,,",
      "2027-01-31T11:00:05Z,1,Cel,fine,",
      "2027-01-31T11:00:06Z,1,Cel",
      "2027-01-31T11:00:07Z,22,Cel,good,",
      "2027-01-31T11:00:08Z,true,Cel,,",
      "",
      "2027-01-31T12:00:09+01:00,23,Cel,uncertain,near the door",
    ];
    const { lines } = await importCsv(service, rows.join("\r\n"));
    const last = lines.at(-1);
    expect(last).toMatchObject({ rows: 12, stored: 2, refused: 10, done: true });
    expect(last?.errors.map(({ line, field }) => [line, field])).toEqual([
      [2, "time"],
      [3, "time"],
      [4, "time"],
      [5, "value"],
      [6, "value"],
      [7, "value"],
      [8, "unit"],
      [9, "quality"],
      [10, "row"],
      [12, "value"],
    ]);
    expect(last?.errors[3]).toEqual({
      line: 5,
      field: "value",
      value: "warm",
      expected: "a finite number, true, false, or nothing where quality is bad",
    });
    expect(service.reads.series.raw(STREAM).map(({ value }) => value)).toEqual([22, 23]);
  });

  test("files that cannot be read are refused as a whole", async () => {
    const service = await historyService({ clock: () => NOW, imports: { maxBytes: 300_000 } });
    const cases: [string | Uint8Array<ArrayBuffer>, Record<string, string>, number, string][] = [
      ["", {}, 422, "empty"],
      ["zeit;wert\n1;2\n", {}, 422, "header"],
      ["time,value,unit,unit\n", {}, 422, "each name once"],
      ['time,value,unit\n1,"2,Cel\n', {}, 422, "malformed_csv"],
      [Buffer.from([0x74, 0x69, 0x6d, 0x65, 0xff]), {}, 422, "not_utf8"],
      ["time,value,unit\n1,2,Cel\n", { "content-type": "application/octet-stream" }, 415, "not_csv"],
      [
        "time,value,unit\n1,2,Cel\n",
        { "content-type": "text/csv; charset=utf-16" },
        415,
        "unsupported_encoding",
      ],
      ["time,value,unit\n1,2,Cel\n", { "content-encoding": "gzip" }, 415, "unsupported_encoding"],
      [`time,value,unit\n${"1,2,Cel\n".repeat(40_000)}`, {}, 413, "too_large"],
      [`time,value,unit\n1,2,${"x".repeat(20_000)}`, {}, 422, "malformed_csv"],
    ];
    for (const [body, headers, status, said] of cases) {
      const answer = await importCsv(service, body, headers);
      expect([said, answer.status]).toEqual([said, status]);
      expect(answer.text).toContain(said);
    }
    const path = `${service.url}/api/history/streams/env_x/import`;
    const named = await fetch(path, {
      method: "POST",
      headers: { "content-type": "text/csv" },
      body: "time",
    });
    expect(named.status).toBe(422);
  });

  test("progress comes while the file is still being sent, which is taken no faster than it is stored", async () => {
    const service = await historyService({ clock: () => NOW });
    const rows = (from: number, count: number): string =>
      Array.from({ length: count }, (_, i) => `${NOW - 1_000_000 + from + i},${i},Cel`).join("\n");
    const request = httpRequest(urlOf(service, "/import"), {
      method: "POST",
      headers: { "content-type": "text/csv" },
    });
    request.write(`time,value,unit\n${rows(0, 6_000)}\n`);
    const [response] = await once(request, "response");
    let text = "";
    response.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    await vi.waitFor(() => expect(text).toContain('"rows":5000'), WAIT);
    expect(text).toContain('"done":false');

    let open: () => void = () => {};
    const gate = new Promise<void>((proceed) => {
      open = proceed;
    });
    service.reads.importSamples = async (_stream, samples) => {
      await gate;
      return { stored: [...samples], duplicates: 0 };
    };
    let from = 6_000;
    // Until the sender is held back.
    const held = async (): Promise<boolean> => {
      const drained = once(request, "drain").then(() => false);
      return await Promise.race([drained, new Promise<true>((proceed) => setTimeout(proceed, 500, true))]);
    };
    for (let isHeld = false; !isHeld; from += 20_000) {
      if (from > 2_000_000) throw new Error("never held back");
      isHeld = !request.write(`${rows(from, 20_000)}\n`) && (await held());
    }
    open();
    request.end();
    await once(response, "end");
    const last = JSON.parse(text.trim().split("\n").at(-1) ?? "") as ImportProgress;
    expect(last).toMatchObject({ rows: from, stored: from, done: true });
  });

  test("a store that goes away in the middle is said in the last line, and what was stored stays", async () => {
    const service = await historyService({ clock: () => NOW });
    const rows = Array.from({ length: 12_000 }, (_, i) => `${NOW - 100_000 + i},${i},Cel`);
    const importSamples = service.reads.importSamples.bind(service.reads);
    let batches = 0;
    service.reads.importSamples = async (stream, samples) => {
      batches++;
      if (batches === 2)
        service.reads.series.failWith = Object.assign(new Error("x"), { code: "store_away" });
      return await importSamples(stream, samples);
    };
    const file = `time,value,unit\n${rows.join("\n")}`;
    const { status, lines } = await importCsv(service, file);
    expect(status).toBe(200);
    expect(lines.at(-1)).toMatchObject({ stored: 5_000, done: false, problem: { code: "store_away" } });
    service.reads.series.failWith = undefined;
    const again = await importCsv(service, file);
    expect(again.lines.at(-1)).toMatchObject({ stored: 7_000, duplicates: 5_000, done: true });
  });

  test("a file of which nothing more comes is given up, and what came of it stays", async () => {
    const service = await historyService({ clock: () => NOW, imports: { idleMs: 200 } });
    const send = async (text: string): Promise<{ status: number; body: string }> => {
      const request = httpRequest(urlOf(service, "/import"), {
        method: "POST",
        headers: { "content-type": "text/csv" },
      });
      request.on("error", () => {});
      request.write(text);
      const [response] = await once(request, "response");
      let body = "";
      for await (const chunk of response) body += String(chunk);
      request.destroy();
      return { status: response.statusCode, body };
    };
    expect(await send("time,value,unit\n1,2,Cel\n")).toMatchObject({
      status: 408,
      body: expect.stringContaining("too_slow"),
    });
    const rows = Array.from({ length: 6_000 }, (_, n) => `${NOW - n},1,Cel\n`).join("");
    const { status, body } = await send(`time,value,unit\n${rows}`);
    expect(status).toBe(200);
    expect(JSON.parse(body.trim().split("\n").at(-1) ?? "") as ImportProgress).toMatchObject({
      stored: 5_000,
      done: false,
      problem: { code: "too_slow" },
    });
    expect(service.reads.series.raw(STREAM).length).toBe(5_000);
  });

  test("who goes away in the middle ends it, and leaves room for others", async () => {
    const service = await historyService({ clock: () => NOW });
    for (let i = 0; i < 3; i++) {
      const request = httpRequest(urlOf(service, "/import"), {
        method: "POST",
        headers: { "content-type": "text/csv" },
      });
      request.on("error", () => {});
      request.write(
        `time,value,unit\n${Array.from({ length: 6_000 }, (_, n) => `${NOW - n},1,Cel`).join("\n")}`,
      );
      await once(request, "response");
      request.destroy();
    }
    await vi.waitFor(async () => {
      const { status } = await importCsv(service, "time,value,unit\n1,2,Cel\n");
      expect(status).toBe(200);
    }, WAIT);
  });
});

test("viewers read, operators import, admins configure", async () => {
  const service = await historyService({ clock: () => NOW });
  await service.reads.add(STREAM, everySecond(NOW - 5_000, 5));
  const tokens = new Map<string, string>();
  for (const role of ["viewer", "operator", "admin"] as const) {
    tokens.set(role, await addToken(service.usersFile, { name: `${role}-program`, role }));
  }
  const ask = async (role: string, method: string, path: string): Promise<number> => {
    const token = tokens.get(role);
    const answer = await fetch(`${service.url}/api/history${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(method === "POST" ? { "content-type": "text/csv" } : {}),
        ...(method === "PUT" ? { "content-type": "application/json", "if-match": "*" } : {}),
      },
      ...(method === "POST" ? { body: "time,value\n1,2\n" } : method === "PUT" ? { body: "{}" } : {}),
    });
    await answer.text();
    return answer.status;
  };
  await vi.waitFor(async () => expect(await ask("viewer", "GET", "/status")).toBe(200), WAIT);
  const routes: [string, string, ("viewer" | "operator" | "admin")[]][] = [
    ["GET", "/streams", ["viewer", "operator", "admin"]],
    ["GET", `/streams/${STREAM}/latest`, ["viewer", "operator", "admin"]],
    ["GET", `/streams/${STREAM}/readings`, ["viewer", "operator", "admin"]],
    ["GET", `/streams/${STREAM}/gaps`, ["viewer", "operator", "admin"]],
    ["GET", `/streams/${STREAM}/quality`, ["viewer", "operator", "admin"]],
    ["GET", "/quality", ["viewer", "operator", "admin"]],
    ["GET", "/events", ["viewer", "operator", "admin"]],
    ["GET", "/configuration", ["viewer", "operator", "admin"]],
    ["GET", "/openapi.json", ["viewer", "operator", "admin"]],
    ["POST", `/streams/${STREAM}/import`, ["operator", "admin"]],
    ["PUT", "/configuration", ["admin"]],
  ];
  for (const [method, path, allowed] of routes) {
    // Without users nobody would have to sign in: tokens alone leave whoever is at this machine as they were.
    for (const role of ["viewer", "operator", "admin"] as const) {
      expect([method, path, role, await ask(role, method, path)]).toEqual([
        method,
        path,
        role,
        allowed.includes(role) ? 200 : 403,
      ]);
    }
    const wrong = await fetch(`${service.url}/api/history${path}`, {
      method,
      headers: { authorization: "Bearer fm_wrongwrongwrongwrongwrong" },
    });
    expect([path, wrong.status]).toEqual([path, 401]);
  }
});
