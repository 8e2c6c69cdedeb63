import { packageVersion } from "@fieldmesh/runtime";

/** Of this package. */
export const VERSION = packageVersion(new URL("../package.json", import.meta.url));
