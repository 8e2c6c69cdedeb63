// What access at the broker has to mean on every broker that Fieldmesh runs on.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { aclBlock, formatPasswordFile, hashPassword, startBroker } from "@fieldmesh/broker";
import { dynamicSecurityMissing, startMosquitto } from "@fieldmesh/broker/mosquitto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  type AdministeredBroker,
  administeredBroker,
  LOAD_MS,
  NODE,
  SECRET,
  type StartBroker,
} from "../testing/administered-broker.js";

const filesIn = (folder: string) => ({
  passwordFile: join(folder, "passwords"),
  aclFile: join(folder, "acl"),
  dynamicSecurityFile: join(folder, "dynamic-security.json"),
});

/** Ours, and a real Mosquitto with its plugin: the name, how it is started, and what is missing for it. */
const BROKERS: readonly (readonly [string, StartBroker, string | null])[] = [
  ["fieldmesh", (folder, port) => startBroker({ port, ...filesIn(folder) }), null],
  [
    "mosquitto",
    (folder, port) => startMosquitto({ ...filesIn(folder), ...(port === 0 ? {} : { port }) }),
    await dynamicSecurityMissing(),
  ],
];

/** Users in the files, and a pattern that would serve consumers as well. */
async function prepare(folder: string): Promise<void> {
  const { passwordFile, aclFile } = filesIn(folder);
  const encoded = await hashPassword(SECRET);
  const users = ["registry", NODE].map((user) => ({ user, encoded }));
  await writeFile(passwordFile, formatPasswordFile(users), { mode: 0o600 });
  const blocks = [
    aclBlock({ user: "registry", role: "service" }),
    `user ${NODE}\ntopic readwrite env/#\ntopic readwrite hole/#\n`,
    "pattern readwrite hole/%u/#\n",
  ];
  await writeFile(aclFile, blocks.join("\n"), { mode: 0o600 });
}

for (const [name, start, missing] of BROKERS) {
  describe.skipIf(missing !== null)(
    missing === null ? name : `${name}: ${missing}`,
    { timeout: LOAD_MS },
    () => contract(start),
  );
}

function contract(start: StartBroker): void {
  let subject: AdministeredBroker;
  beforeAll(async () => {
    subject = await administeredBroker(prepare, start);
  }, LOAD_MS);
  afterAll(() => subject.close(), LOAD_MS);

  test("an access that is granted lets in at once, to these topics alone", async () => {
    await subject.access.set("ann", new Map([["greenhouse", ["env/n1/#"]]]));
    await using ann = await subject.consumer("ann");
    expect(await ann.subscribes("env/n1/#")).toBe(true);
    expect(await ann.subscribes("env/n2/#")).toBe(false);
    expect(await ann.subscribes("env/#")).toBe(false);
    await subject.publish("env/n2/t/raw", "not hers");
    await subject.publish("env/n1/t/raw", "hers");
    await ann.until((seen) => seen.includes("env/n1/t/raw hers"));
    expect(ann.seen).toEqual(["env/n1/t/raw hers"]);
  });

  test("revoked, it is thrown out and gets nothing more", async () => {
    await subject.access.set("bob", new Map([["greenhouse", ["env/n1/#"]]]));
    await using bob = await subject.consumer("bob");
    await bob.subscribes("env/n1/#");
    await subject.publish("env/n1/t/raw", "1");
    await bob.until((seen) => seen.length > 0);
    await subject.access.set("bob", new Map());
    await bob.lost;
    await subject.publish("env/n1/t/raw", "2");
    await vi.waitFor(() => expect(bob.refusals).toBeGreaterThan(0), { timeout: LOAD_MS });
    await subject.publish("env/n1/t/raw", "3");
    expect(bob.seen).toEqual(["env/n1/t/raw 1"]);
  });
}
