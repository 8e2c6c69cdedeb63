import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { EnvironmentError } from "./environment-error.js";
import { isLoopback } from "./loopback.js";
import { type RawEnvironment, readEnvironment } from "./read-environment.js";
import { VARIABLES, type VariableName } from "./variables.js";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function read<const N extends VariableName>(name: N, value: string | undefined) {
  return readEnvironment([name], value === undefined ? {} : { [name]: value })[name];
}

function refusal(name: VariableName, env: RawEnvironment): EnvironmentError {
  try {
    readEnvironment([name], env);
  } catch (error) {
    if (error instanceof EnvironmentError) return error;
    throw error;
  }
  throw new Error(`${name} was taken`);
}

describe("readEnvironment", () => {
  it("has a default or undefined for every variable that is not set", () => {
    const names = Object.keys(VARIABLES) as VariableName[];
    const values = readEnvironment(names, {});
    expect(values).toMatchObject({
      MQTT_URL: [["mqtt://127.0.0.1:1883"]],
      MQTT_PORT: 1883,
      MQTT_TLS_PORT: 8883,
      MQTT_WS_PORT: 9001,
      DASHBOARD_PORT: 3000,
      REGISTRY_PORT: 8000,
      HISTORIAN_PORT: 8100,
      HOST: "127.0.0.1",
      DATA_DIR: resolve(".fieldmesh"),
      USERS_FILE: resolve(".fieldmesh/users.yaml"),
      DOMAIN: "env",
      LOG_LEVEL: "info",
      ALLOWED_HOSTS: [],
      NODE_ID: undefined,
      MQTT_PASSWORD: undefined,
    });
    expect(values.STORAGE).toBeUndefined();
  });

  it("puts a file that is kept in DATA_DIR by default into the one that was given", () => {
    expect(readEnvironment(["USERS_FILE"], { DATA_DIR: "/data" }).USERS_FILE).toBe("/data/users.yaml");
    expect(readEnvironment(["USERS_FILE"], { DATA_DIR: "/data", USERS_FILE: "/u" }).USERS_FILE).toBe("/u");
  });

  it("counts an empty value as not set, as compose files pass it", () => {
    expect(read("NODE_ID", "")).toBeUndefined();
    expect(read("DASHBOARD_PORT", " ")).toBe(3000);
  });

  it("reads one broker with several addresses, and several brokers", () => {
    expect(read("MQTT_URL", "mqtt://a,mqtts://b:8884")).toEqual([["mqtt://a", "mqtts://b:8884"]]);
    expect(read("MQTT_URL", " mqtt://a , ws://b:80/mqtt   wss://c ")).toEqual([
      ["mqtt://a", "ws://b:80/mqtt"],
      ["wss://c"],
    ]);
  });

  it("reads counts, sizes and durations", () => {
    expect(read("MQTT_MAX_CLIENTS", "500")).toBe(500);
    expect(read("MQTT_MAX_PACKET", "256KiB")).toBe(262_144);
    expect(read("MQTT_MAX_PACKET", undefined)).toBe(1_048_576);
    expect(read("MQTT_SESSION_EXPIRY", "1m")).toBe(60_000);
    expect(read("MQTT_SESSION_EXPIRY", undefined)).toBe(604_800_000);
  });

  it("reads storage as a folder or a MongoDB address", () => {
    expect(read("STORAGE", "data")).toEqual({ kind: "folder", path: resolve("data") });
    expect(read("STORAGE", "mongodb://db/x")).toEqual({ kind: "mongodb", url: "mongodb://db/x" });
    expect(read("STORAGE", "mongodb+srv://db")).toEqual({ kind: "mongodb", url: "mongodb+srv://db" });
  });

  it.each([
    ["MQTT_URL", "localhost:1883"],
    ["MQTT_URL", "http://localhost"],
    ["MQTT_URL", "mqtt://a,,mqtt://b"],
    ["MQTT_URL", "mqtt://"],
    ["DASHBOARD_PORT", "http"],
    ["DASHBOARD_PORT", "65536"],
    ["DASHBOARD_PORT", "-1"],
    ["DASHBOARD_PORT", "3000.5"],
    ["DASHBOARD_PORT", "0x10"],
    ["HOST", "localhost:3000"],
    ["HOST", "http://localhost"],
    ["NODE_ID", "Green House"],
    ["NODE_ID", "event"],
    ["DOMAIN", "mesh"],
    ["DOMAIN", "a/b"],
    ["PUBLIC_URL", "mesh.example.org"],
    ["PUBLIC_URL", "ftp://mesh.example.org"],
    ["PUBLIC_URL", "https://user@mesh.example.org"],
    ["ALLOWED_HOSTS", "https://desk.lan"],
    ["STORAGE", "postgres://db"],
    ["LOG_LEVEL", "verbose"],
    ["MQTT_MAX_CLIENTS", "0"],
    ["MQTT_MAX_CLIENTS", "1e3"],
    ["MQTT_MAX_PACKET", "1048576"],
    ["MQTT_MAX_PACKET", "1GiB"],
    ["MQTT_SESSION_EXPIRY", "7"],
    ["MQTT_SESSION_EXPIRY", "1s"],
    ["MQTT_SESSION_EXPIRY", "366d"],
  ] as const)("refuses %s=%j, naming both and what is expected", (name, value) => {
    const error = refusal(name, { [name]: value });
    expect(error).toMatchObject({ code: "environment", variable: name, value });
    expect(error.message).toContain(`${name}=${JSON.stringify(value)}: expected `);
    expect(error.expected.length).toBeGreaterThan(5);
  });

  it("does not show the password of an address", () => {
    const error = refusal("MQTT_URL", { MQTT_URL: "mqtt://ada:hunter2@a,mqtt://ada:hunt@er3@b,nonsense" });
    expect(error.message).toContain("mqtt://ada:(hidden)@a,mqtt://ada:(hidden)@b,nonsense");
    expect(`${error.message}${error.value}`).not.toMatch(/hunt/);
    expect(refusal("PUBLIC_URL", { PUBLIC_URL: "https://ada:hunter2@x" }).message).not.toContain("hunter2");
  });

  it("takes addresses to listen on", () => {
    for (const host of ["0.0.0.0", "::", "::1", "fe80::1%eth0", "desk.lan", "localhost"]) {
      expect(read("HOST", host)).toBe(host);
    }
    expect(read("HOST", "[::1]")).toBe("::1");
    expect(read("ALLOWED_HOSTS", "Desk.lan, lab.lan:8443 [::1]:3000")).toEqual([
      "desk.lan",
      "lab.lan:8443",
      "[::1]:3000",
    ]);
  });

  it("reads a secret from a file too, and never shows one", () => {
    const folder = mkdtempSync(join(tmpdir(), "fieldmesh-env-"));
    folders.push(folder);
    const file = join(folder, "password");
    writeFileSync(file, "from a file\n");
    expect(readEnvironment(["MQTT_PASSWORD"], { MQTT_PASSWORD_FILE: file }).MQTT_PASSWORD).toBe(
      "from a file",
    );
    expect(read("MQTT_PASSWORD", " spaces stay ")).toBe(" spaces stay ");
    const both = refusal("MQTT_PASSWORD", { MQTT_PASSWORD: "hunter2", MQTT_PASSWORD_FILE: file });
    expect(both.message).toContain("only one of MQTT_PASSWORD and MQTT_PASSWORD_FILE");
    expect(both.message).not.toContain("hunter2");
    const absent = refusal("MQTT_PASSWORD", { MQTT_PASSWORD_FILE: join(folder, "absent") });
    expect(absent.message).toContain("MQTT_PASSWORD_FILE=");
  });
});

describe("isLoopback", () => {
  it.each([
    ["127.0.0.1", true],
    ["127.255.0.3", true],
    ["::1", true],
    ["[::1]", true],
    ["0:0:0:0:0:0:0:1", true],
    ["::ffff:127.0.0.1", true],
    ["localhost", true],
    ["LOCALHOST", true],
    ["0.0.0.0", false],
    ["::", false],
    ["128.0.0.1", false],
    ["192.168.1.5", false],
    ["::ffff:192.168.1.5", false],
    ["localhost.example.org", false],
    ["127.0.0.1.example.org", false],
    ["", false],
  ])("%j: %s", (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});
