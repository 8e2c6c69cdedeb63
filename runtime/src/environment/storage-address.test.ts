import { expect, it } from "vitest";
import { storageAddress } from "./storage-address.js";

const mongodb = (url: string) => ({ kind: "mongodb" as const, url });

it.each([
  ["mongodb://mongo:27017/fieldmesh", "mongodb://fieldmesh:a%40b%2F@mongo:27017/fieldmesh?authSource=admin"],
  ["mongodb://mongo", "mongodb://fieldmesh:a%40b%2F@mongo/?authSource=admin"],
  ["mongodb://old:one@mongo/x", "mongodb://fieldmesh:a%40b%2F@mongo/x?authSource=admin"],
  [
    "mongodb://one:1,two:2/x?replicaSet=rs",
    "mongodb://fieldmesh:a%40b%2F@one:1,two:2/x?replicaSet=rs&authSource=admin",
  ],
  ["mongodb://mongo/x?authSource=x", "mongodb://fieldmesh:a%40b%2F@mongo/x?authSource=x"],
  [
    "mongodb+srv://cluster.example.org",
    "mongodb+srv://fieldmesh:a%40b%2F@cluster.example.org/?authSource=admin",
  ],
])("puts a password that came beside %s into it", (url, expected) => {
  const given = { STORAGE: mongodb(url), STORAGE_USERNAME: undefined, STORAGE_PASSWORD: "a@b/" };
  expect(storageAddress(given)).toEqual(mongodb(expected));
});

it("leaves an address without a password, and a folder, as they are", () => {
  const STORAGE = mongodb("mongodb://ada:x@mongo/fieldmesh");
  expect(storageAddress({ STORAGE, STORAGE_USERNAME: "bob", STORAGE_PASSWORD: undefined })).toBe(STORAGE);
  const folder = { kind: "folder" as const, path: "/data" };
  expect(storageAddress({ STORAGE: folder, STORAGE_USERNAME: "bob", STORAGE_PASSWORD: "x" })).toBe(folder);
  expect(storageAddress({ STORAGE: undefined, STORAGE_USERNAME: undefined, STORAGE_PASSWORD: "x" })).toBe(
    undefined,
  );
});
