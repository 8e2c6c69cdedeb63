import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import express, { type RequestHandler, Router } from "express";

/** The folder of the built browser app. */
export function webFolder(): string {
  return dirname(fileURLToPath(import.meta.resolve("@fieldmesh/web/app/index.html")));
}

const YEAR_MS = 31_536_000_000;

/**
 * Serves the browser app. Files under `assets/` carry a hash of their content in the name and never change;
 * every other path of the app is its index page, which routes by itself.
 */
export function serveWeb(folder: string): RequestHandler {
  const router = Router();
  router.use(
    "/assets",
    express.static(join(folder, "assets"), {
      immutable: true,
      maxAge: YEAR_MS,
      index: false,
      redirect: false,
    }),
    (_request, response) => {
      response.status(404).type("text").send("not found\n");
    },
  );
  router.use(express.static(folder, { index: false, redirect: false, setHeaders: noCache }));
  const page = join(folder, "index.html");
  router.use((request, response, next) => {
    if (request.method !== "GET" && request.method !== "HEAD") return next();
    if (!existsSync(page)) {
      response.status(503).type("text").send("The browser app is not built: run npm run build.\n");
      return;
    }
    noCache(response);
    response.sendFile(page, { cacheControl: false });
  });
  return router;
}

function noCache(response: { setHeader(name: string, value: string): unknown }): void {
  response.setHeader("cache-control", "no-cache");
}
