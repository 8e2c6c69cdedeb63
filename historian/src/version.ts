import { packageVersion } from "@fieldmesh/runtime";

/** Of this package; shown in the status. */
export const VERSION = packageVersion(new URL("../package.json", import.meta.url));
