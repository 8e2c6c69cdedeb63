import type { Ack, AlarmEvent, Birth, Command, Reading, Reply, Stats, Status } from "./messages.js";
import type { QualityReport } from "./quality.js";

// JSON in one order of keys, so that a person finds the same thing in the same place, and equal messages are
// equal bytes. Keys that are undefined are left out by JSON itself.

export function encodeReading(r: Reading): string {
  const { node, sensor, value, unit, timestamp, boot, seq, quality, reason, backfill } = r;
  return JSON.stringify({ node, sensor, value, unit, timestamp, boot, seq, quality, reason, backfill });
}

export function encodeEvent(e: AlarmEvent): string {
  const { node, sensor, rule, state, severity, value, limit, unit, timestamp, since, boot, seq, message } = e;
  const { backfill } = e;
  const head = { node, sensor, rule, state, severity, value, limit, unit };
  return JSON.stringify({ ...head, timestamp, since, boot, seq, message, backfill });
}

export function encodeBirth(b: Birth): string {
  const { node, domain, boot, version, host, label, startedAt, sensors } = b;
  return JSON.stringify({ node, domain, boot, version, host, label, startedAt, sensors });
}

export function encodeStatus(s: Status): string {
  const { state, boot, conn, timestamp, reason } = s;
  return JSON.stringify({ state, boot, conn, timestamp, reason });
}

export function encodeStats(s: Stats): string {
  const { boot, timestamp, sensors, log, previous } = s;
  return JSON.stringify({ boot, timestamp, sensors, log, previous });
}

export function encodeCommand(c: Command): string {
  const { id, name, args, by } = c;
  return JSON.stringify({ id, name, args, by });
}

export function encodeReply(r: Reply): string {
  return r.ok
    ? JSON.stringify({ id: r.id, ok: true, result: r.result })
    : JSON.stringify({ id: r.id, ok: false, error: r.error });
}

export function encodeAck(a: Ack): string {
  const { boot, seq, by, at, note } = a;
  return JSON.stringify({ boot, seq, by, at, note });
}

export function encodeQuality(q: QualityReport): string {
  const { stream, timestamp, freshness, clock, windows, objectives, configuration, ...of } = q;
  const { product, productVersion } = of;
  const report = { stream, timestamp, freshness, clock, windows, objectives, configuration };
  return JSON.stringify({ ...report, product, productVersion });
}
