import { resource } from "@fieldmesh/runtime";
import { RegistryError } from "../../store/registry-error.js";
import { parseBody } from "../input.js";
import { permission } from "../permission.js";
import type { RouteParts } from "../route-parts.js";
import { seedAnswered, sendDone } from "./envelope.js";
import { seedLineageInput, toSeedLineage } from "./seed-lineage.js";

export function seedLineageRoutes({ router, catalogue, writes }: RouteParts): void {
  const { lineage } = catalogue;
  const { changes, sees } = permission(catalogue);
  resource(router, "/register_lineage", {
    post: writes(
      seedAnswered(async (request, response) => {
        const { lineage_type: type, ...input } = parseBody(request, seedLineageInput);
        for (const field of ["source", "target"] as const) {
          if (catalogue.products.find(input[field]) === undefined || !sees(input[field], response)) {
            const detail = `${field}: there is no data product "${input[field]}": register it first`;
            throw new RegistryError("unknown_reference", detail);
          }
        }
        changes(input.target, response);
        const { value } = await lineage.create({ ...input, type });
        sendDone(response, "Lineage registered successfully", toSeedLineage(value));
      }),
    ),
  });
}
