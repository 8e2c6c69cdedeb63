import { packageVersion } from "@fieldmesh/runtime";

/** Of this package; shown by `/health`. */
export const VERSION = packageVersion(new URL("../package.json", import.meta.url));
