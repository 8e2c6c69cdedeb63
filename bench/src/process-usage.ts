import { readdirSync, readFileSync } from "node:fs";

/** What a process used until now, from Linux's /proc. */
export interface Usage {
  /** User and system time, seconds. */
  cpuS: number;
  /** Resident memory, bytes. Of several processes the sum of their proportional shares (PSS). */
  memoryBytes: number;
}

const TICKS_PER_S = 100; // USER_HZ, the same on every Linux that Node.js runs on

function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** A process's own use. Throws when it is gone. */
export function usageOf(pid: number): Usage {
  const fields = statFields(pid);
  const cpuS = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const pss = /^Pss:\s+(\d+) kB/m.exec(rollup)?.[1];
  return { cpuS, memoryBytes: Number(pss) * 1024 };
}

/** The process and all that descend from it: a browser is many processes. */
export function family(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const parent = Number(statFields(Number(entry))[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
    } catch {
      // It ended while we were looking.
    }
  }
  const found = [pid];
  for (const member of found) found.push(...(children.get(member) ?? []));
  return found;
}

/** Use of a process and its descendants together. Members that end in between are left out. */
export function usageOfFamily(pid: number): Usage {
  const total: Usage = { cpuS: 0, memoryBytes: 0 };
  for (const member of family(pid)) {
    try {
      const usage = usageOf(member);
      total.cpuS += usage.cpuS;
      total.memoryBytes += usage.memoryBytes;
    } catch {
      // It ended while we were looking.
    }
  }
  return total;
}
