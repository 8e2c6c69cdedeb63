import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import type { BundleFile } from "../resources/provision.js";
import { nodeAclBlock } from "./node-credential.js";
import type { Rendered } from "./render.js";

/** Files of a bundle that hold no secret, made when it is provisioned. */
export function plainFiles(rendered: Rendered, product: string): BundleFile[] {
  const { edge, compose } = rendered;
  const files: BundleFile[] = [];
  const add = (name: string, text: string): void => {
    files.push({ name, secret: false, text });
  };
  if (edge !== undefined) add("edge.yaml", edge);
  if (compose !== undefined) add("docker-compose.edge.yml", compose);
  add("README.md", readme(product, rendered));
  return files;
}

/** Files of the credential: what the node is started with, and what the broker is told. */
export function credentialFiles(
  { user, domain, node, broker }: NonNullable<Rendered["credential"]>,
  password: string,
  hash: string,
  hasEdge: boolean,
): BundleFile[] {
  const env = [
    `MQTT_URL=${broker}`,
    `MQTT_USERNAME=${user}`,
    `MQTT_PASSWORD=${password}`,
    `DOMAIN=${domain}`,
    `NODE_ID=${node}`,
    ...(hasEdge ? ["EDGE_CONFIG=edge.yaml"] : []),
    "",
  ];
  return [
    { name: "node.env", secret: true, text: env.join("\n") },
    { name: "password_file.lines", secret: true, text: `${user}:${hash}\n` },
    { name: "acl_file.lines", secret: false, text: nodeAclBlock(user, domain, node) },
  ];
}

function readme(product: string, { edge, compose, credential, external }: Rendered): string {
  const lines = [`# ${product}`, ""];
  if (credential !== undefined) {
    lines.push(
      "Let the node in at the broker: append `password_file.lines` to its password file and `acl_file.lines` to its",
      "ACL file (the broker of Fieldmesh reads them again by itself, Mosquitto on SIGHUP).",
      "",
    );
  }
  if (edge !== undefined) {
    const settings =
      credential === undefined
        ? "EDGE_CONFIG=edge.yaml fieldmesh edge"
        : "fieldmesh edge --settings node.env";
    lines.push("Run the node in this folder:", "", "```sh", settings, "```", "");
  }
  if (compose !== undefined) {
    lines.push(
      "or, with these files beside `docker-compose.yml`, beside the other containers; the broker is `mqtt://broker:1883`",
      "there (`-p broker=mqtt://broker:1883` when it is provisioned):",
      "",
      "```sh",
      "docker compose -f docker-compose.yml -f docker-compose.edge.yml up -d",
      "```",
      "",
    );
  }
  if (external.length > 0) {
    lines.push(
      "Not provided here:",
      "",
      ...external.map(({ name, detail }) => `- ${oneLine(name)}: ${oneLine(detail)}`),
      "",
    );
  }
  return lines.join("\n");
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}

/** The same files at the same time are the same bytes. */
export async function archive(files: readonly BundleFile[], folder: string, at: number): Promise<Buffer> {
  const tar = pack();
  for (const { name, secret, text } of files) {
    tar.entry({ name: `${folder}/${name}`, mode: secret ? 0o600 : 0o644, mtime: new Date(at) }, text);
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar.pipe(createGzip())) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}
