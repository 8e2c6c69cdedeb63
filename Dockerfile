# One image for every Fieldmesh service; the command says which: `edge`, `dashboard`, `broker`, `setup`…
# Another base (a registry mirror, a digest) is given by --build-arg BASE=…
ARG BASE=node:24-slim

FROM ${BASE} AS build
WORKDIR /app
# The manifests alone first, so that a change of sources does not install again.
COPY package.json package-lock.json ./
COPY protocol/package.json protocol/
COPY runtime/package.json runtime/
COPY storage/package.json storage/
COPY broker/package.json broker/
COPY edge/package.json edge/
COPY historian/package.json historian/
COPY mesh-registry/package.json mesh-registry/
COPY dashboard/server/package.json dashboard/server/
COPY dashboard/web/package.json dashboard/web/
COPY cli/package.json cli/
COPY bench/package.json bench/
COPY test/package.json test/
COPY cli/bin cli/bin
# `install`, not `ci`: a registry that lacks other platforms' optional binaries must not stop the build.
RUN npm install --no-audit --no-fund --ignore-scripts
COPY . .
# The command and, through its references, every service; then the page.
RUN npx --no-install tsc -b cli && npx --no-install vite build --logLevel warn dashboard/web
# What runs: no compiler, no sources, no tests and none of their tools (a browser driver among them).
RUN npm pkg set --json 'workspaces=["protocol","runtime","storage","broker","edge","historian","mesh-registry","dashboard/server","dashboard/web","cli"]' \
 && npm prune --omit=dev --no-audit --no-fund --ignore-scripts \
 && rm -rf bench test package-lock.json \
    dashboard/web/vite.config.ts dashboard/web/index.html dashboard/web/dev dashboard/web/public \
 && find . -path ./node_modules -prune -o \( -name src -o -name '.tsbuildinfo*' -o -name 'tsconfig*.json' -o -name '*.map' -o -path './mesh-registry/examples/*.ts' \) -print0 \
  | xargs -0 rm -rf

FROM ${BASE}
WORKDIR /app
ENV NODE_ENV=production DATA_DIR=/data
# Made here so that a named volume, mounted on one of them for the first time, belongs to the services' user.
RUN mkdir -p /data/edge /data/dashboard /data/historian /data/registry /data/broker /credentials /users \
 && chown -R node:node /data /credentials /users \
 && ln -s /app/cli/bin/fieldmesh.js /usr/local/bin/fieldmesh
COPY --from=build /app ./
USER node
# Asks the service that process 1 runs; one that is not up yet has its start-up time first.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["fieldmesh", "health"]
# No shell and no init between: the service itself answers signals as process 1.
ENTRYPOINT ["node", "/app/cli/bin/fieldmesh.js"]
CMD ["--help"]
