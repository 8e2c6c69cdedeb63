import type { ForwardedService } from "./forwarding.js";

export const HISTORIAN: ForwardedService = {
  name: "historian",
  code: "historian",
  variable: "HISTORIAN_URL",
  path: "/api/history",
  upstreamPath: "/api/history",
};

export const REGISTRY: ForwardedService = {
  name: "registry",
  code: "registry",
  variable: "REGISTRY_URL",
  path: "/api/mesh",
  upstreamPath: "",
};
