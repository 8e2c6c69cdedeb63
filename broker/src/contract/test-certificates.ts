import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A CA of its own, and a certificate of it for this machine, valid for a day; paths of PEM files in the folder. */
export async function makeCertificates(folder: string): Promise<{ ca: string; cert: string; key: string }> {
  const path = (name: string): string => join(folder, name);
  const key = (name: string): string[] => ["-newkey", "rsa:2048", "-nodes", "-keyout", path(name)];
  const ca = ["-x509", "-days", "1", "-out", path("ca.pem"), "-subj", "/CN=Fieldmesh test CA"];
  await run("openssl", ["req", ...key("ca.key"), ...ca]);
  const names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-subj", "/CN=localhost"];
  await run("openssl", ["req", ...key("key.pem"), "-out", path("csr.pem"), ...names]);
  const by = ["-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial", "-days", "1"];
  const signed = ["-in", path("csr.pem"), "-copy_extensions", "copy", "-out", path("cert.pem")];
  await run("openssl", ["x509", "-req", ...by, ...signed]);
  return { ca: path("ca.pem"), cert: path("cert.pem"), key: path("key.pem") };
}
