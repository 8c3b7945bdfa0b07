# The release workflow names the base by its digest, so that both stages and all platforms have the same one.
ARG NODE_IMAGE=node:24-slim

# What is built is JavaScript and WebAssembly, for every platform.
FROM --platform=$BUILDPLATFORM $NODE_IMAGE AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
# TypeScript would stay as an optional companion of a library.
RUN node scripts/build.ts && npm prune --omit=dev --omit=optional --ignore-scripts

FROM $NODE_IMAGE
# The release workflow adds source, revision, version and time of creation.
LABEL org.opencontainers.image.title="otc-etl" \
  org.opencontainers.image.description="Loads the OTC service-desk views into PostgreSQL" \
  org.opencontainers.image.licenses="MIT"
WORKDIR /app
COPY package.json LICENSE ./
COPY migrations migrations
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
RUN ln -s /app/dist/cli/main.js /usr/local/bin/otc-etl && install -d -o node -g node /data
ENV NODE_ENV=production OTC_DATA_DIR=/data
VOLUME /data
# By number: Kubernetes cannot see that a name is not root.
USER 1000:1000
EXPOSE 8080
# Of the page; whatever else runs in the image switches it off.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# No shell in between: signals reach the process itself.
ENTRYPOINT ["otc-etl"]
CMD ["serve", "--host", "0.0.0.0"]
