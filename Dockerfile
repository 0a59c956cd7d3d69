# syntax=docker/dockerfile:1
# Build: compiles to plain JavaScript with the tools of development; nothing of this stage is shipped.
FROM node:26-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY scripts/link-commands.ts scripts/
RUN npm ci
COPY . .
RUN node scripts/build.ts

# Dependencies of production alone; the image's own Node runs them, so the pinned ones are left out.
FROM node:26-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:26-bookworm-slim
ENV NODE_ENV=production OPENKEP_CONFIG=/etc/openkep/kep.yaml OPENKEP_DATA=/var/lib/openkep
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /src/dist dist
COPY package.json LICENSE ./
RUN mkdir -p /var/lib/openkep && chown node:node /var/lib/openkep
USER node
VOLUME /var/lib/openkep
EXPOSE 10465 10587 10993 10143 10080
# Ready means that mail can be read; whether it can be sent is told in the same answer.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:10080/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["node", "--max-semi-space-size=2", "dist/scripts/kepd.js"]
