import { isRecord } from "../compatibility/schema.js";

/** Compose fills its own references in: only this one may stand in the file. */
const OUR_IMAGE = ["$", "{FIELDMESH_IMAGE:-fieldmesh:local}"].join("");
const IMAGE = /^[a-z0-9][\w./:@-]{0,254}$/i;
const VARIABLE = /^[A-Z][A-Z0-9_]{0,63}$/;

type ComposeService = { ok: true; document: Record<string, unknown> } | { ok: false; detail: string };

/**
 * A compose file with one service that runs the edge node, to be used beside the one of the installation
 * (`docker compose -f docker-compose.yml -f docker-compose.edge.yml up -d`). Settings: `image`, `environment`.
 */
export function composeService(
  { image, environment, ...others }: Record<string, unknown>,
  node: string,
  has: { edge: boolean; credentials: boolean },
): ComposeService {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    return { ok: false, detail: `component compose: ${unknown}: expected image or environment` };
  if (image !== undefined && !(typeof image === "string" && IMAGE.test(image))) {
    return {
      ok: false,
      detail: "component compose: image: expected a name, as registry.example.org/fieldmesh:1",
    };
  }
  const variables = isRecord(environment) ? Object.entries(environment) : [];
  const wrong = variables.find(([name, value]) => !VARIABLE.test(name) || typeof value === "object");
  if (wrong !== undefined || (environment !== undefined && !isRecord(environment))) {
    return { ok: false, detail: `component compose: environment ${wrong?.[0] ?? ""}: expected NAME: text` };
  }
  const name = `edge-${node}`;
  return {
    ok: true,
    document: {
      services: {
        [name]: {
          image: typeof image === "string" ? image : OUR_IMAGE,
          command: ["edge"],
          ...(has.credentials ? { env_file: ["./node.env"] } : {}),
          environment: {
            ...Object.fromEntries(
              variables.map(([key, value]) => [key, String(value).replaceAll("$", "$$$$")]),
            ),
            ...(has.edge ? { EDGE_CONFIG: "/config/edge.yaml" } : {}),
          },
          volumes: [...(has.edge ? ["./edge.yaml:/config/edge.yaml:ro"] : []), `${name}:/data/edge`],
          restart: "unless-stopped",
          stop_grace_period: "12s",
        },
      },
      volumes: { [name]: {} },
    },
  };
}
