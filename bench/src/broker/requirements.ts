import { median } from "../statistics.js";
import type { FloodSample } from "./flood-runs.js";
import type { PacedSample } from "./paced-runs.js";
import { BARE_AEDES, FIELDMESH, MOSQUITTO, NATS, type SubjectKind } from "./subjects.js";

export interface Measured {
  floods: readonly FloodSample[];
  paced: readonly PacedSample[];
  subjects: readonly SubjectKind[];
}

/** What the medians must be, of what was measured; beside a peer only where it is there. */
export function requirements({ floods, paced, subjects }: Measured): { text: string; met: boolean }[] {
  const of = (scenario: string, { name }: SubjectKind, pick: (run: FloodSample) => number) =>
    median(floods.filter((run) => run.scenario === scenario && run.subject === name).map(pick));
  const rate = (scenario: string, subject: SubjectKind) => of(scenario, subject, (run) => run.deliveredPerS);
  const acknowledged = (subject: SubjectKind) => of("4 → 1, QoS 1", subject, (run) => run.acknowledgedPerS);
  const cpuOf500 = (subject: SubjectKind) => of("500 → 1 at 10/s each, QoS 0", subject, (run) => run.cpuS);
  const p99 = ({ name }: SubjectKind) =>
    median(paced.filter((run) => run.subject === name).map((run) => run.p99));

  const ran = (scenario: string) => floods.some((run) => run.scenario === scenario);
  const there = (peer: SubjectKind) => subjects.includes(peer);
  const peers = subjects.filter((subject) => subject !== FIELDMESH);
  const ahead = (scenario: string) => peers.every((peer) => rate(scenario, FIELDMESH) > rate(scenario, peer));
  return [
    {
      measured: ran("4 → 1, QoS 0") && there(MOSQUITTO),
      text: "QoS 0, 4 → 1: at least ten times Mosquitto's",
      met: rate("4 → 1, QoS 0", FIELDMESH) >= 10 * rate("4 → 1, QoS 0", MOSQUITTO),
    },
    {
      measured: ran("4 → 1, QoS 0") && there(NATS),
      text: "QoS 0, 4 → 1: ahead of NATS's",
      met: rate("4 → 1, QoS 0", FIELDMESH) > rate("4 → 1, QoS 0", NATS),
    },
    { measured: ran("64 → 1, QoS 0"), text: "QoS 0, 64 → 1: ahead of all", met: ahead("64 → 1, QoS 0") },
    { measured: ran("1 → 10, QoS 0"), text: "QoS 0, 1 → 10: ahead of all", met: ahead("1 → 10, QoS 0") },
    {
      measured: paced.length > 0 && there(MOSQUITTO),
      text: "p99 at 5,000/s at most Mosquitto's",
      met: p99(FIELDMESH) <= p99(MOSQUITTO),
    },
    {
      measured: ran("4 → 1, QoS 1") && there(MOSQUITTO),
      text: "QoS 1, 4 → 1: at least Mosquitto's acknowledged rate",
      met: acknowledged(FIELDMESH) >= acknowledged(MOSQUITTO),
    },
    {
      measured: ran("4 → 1, QoS 1"),
      text: "QoS 1, 4 → 1: all of it delivered",
      met: floods.every(
        ({ scenario, subject, deliveredShare }) =>
          scenario !== "4 → 1, QoS 1" || subject !== FIELDMESH.name || deliveredShare === 1,
      ),
    },
    {
      measured: ran("500 → 1 at 10/s each, QoS 0") && there(BARE_AEDES),
      text: "500 publishers at 10/s, QoS 0: at most 0.7 of bare Aedes' CPU time",
      met: cpuOf500(FIELDMESH) <= 0.7 * cpuOf500(BARE_AEDES),
    },
  ]
    .filter(({ measured }) => measured)
    .map(({ text, met }) => ({ text, met }));
}
