import { packageVersion } from "@fieldmesh/runtime";

/** Of this package; a birth carries it. */
export const VERSION = packageVersion(new URL("../package.json", import.meta.url));
