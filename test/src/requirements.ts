import { existsSync } from "node:fs";

/** What a test needs beyond Node.js, and how a Debian machine gets it. */
const REQUIREMENTS = {
  chromium: { there: () => existsSync("/usr/bin/chromium"), install: "apt-get install chromium" },
  mosquitto: { there: () => existsSync("/usr/sbin/mosquitto"), install: "apt-get install mosquitto" },
  "mosquitto-clients": {
    there: () => existsSync("/usr/bin/mosquitto_pub"),
    install: "apt-get install mosquitto-clients",
  },
  iproute2: {
    there: () => ["/usr/sbin/ip", "/sbin/ip"].some((path) => existsSync(path)),
    install: "apt-get install iproute2",
  },
  openssl: { there: () => existsSync("/usr/bin/openssl"), install: "apt-get install openssl" },
} as const;

export type Requirement = keyof typeof REQUIREMENTS;

/**
 * True when something a suite needs is missing, after one line that says what to install: for
 * `describe.skipIf(lacks("chromium"))`.
 */
export function lacks(...requirements: Requirement[]): boolean {
  const missing = requirements.filter((name) => !REQUIREMENTS[name].there());
  for (const name of missing)
    process.stderr.write(`skipped: needs ${name} (${REQUIREMENTS[name].install})\n`);
  return missing.length > 0;
}
