import { resource } from "@fieldmesh/runtime";
import { registryDescription } from "../openapi.js";
import type { RouteParts } from "../route-parts.js";
import { docsPage } from "./docs-page.js";
import { DOCS_STYLE } from "./style.js";

/** `/docs`, from what is here alone; `/redoc` leads there. */
export function docsRoutes({ router, reads }: RouteParts, version: string): void {
  let page: string | undefined;
  resource(router, "/docs", {
    get: reads((request, response) => {
      if (request.path.endsWith("/")) {
        response.redirect(308, "../docs"); // links of the page are relative to its folder
        return;
      }
      page ??= docsPage(registryDescription(version));
      response.set("Cache-Control", "private, no-cache").type("html").send(page);
    }),
  });
  resource(router, "/docs/style.css", {
    get: reads((_request, response) => {
      response.set("Cache-Control", "private, max-age=300").type("css").send(DOCS_STYLE);
    }),
  });
  resource(router, "/redoc", {
    get: reads((_request, response) => {
      response.redirect(308, "docs");
    }),
  });
}
