# Usher in a container: docker build -t usher . && docker run -p 8080:8080 -p 127.0.0.1:8081:8081 -v usher:/data usher
# Who asks it for verdicts on the tokens of others sends a token of its own (docs/running.md#who-may-ask-for-verdicts).
# Usher writes to /data only, so --read-only works.

FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run --if-present build:web && mkdir -p dist

FROM node:26-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# Install scripts are not needed: the native packages come built for each platform.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:26-slim
WORKDIR /app
ENV NODE_ENV=production \
    USHER_STORE=lmdb:/data \
    USHER_GRPC_LISTEN=0.0.0.0:50051 \
    USHER_HTTP_LISTEN=0.0.0.0:8080 \
    USHER_MANAGER_LISTEN=0.0.0.0:8081 \
    USHER_VERIFY_ACCESS=token
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/package.json ./
COPY --from=build /app/src ./src
COPY --from=build /app/dist ./dist
COPY --from=build /app/scripts/warm.js ./scripts/
RUN mkdir -m 700 /data && chown node:node /data && ln -s /app/src/main.ts /usr/local/bin/usher \
  && mkdir -p node_modules/.cache/usher && chown node:node node_modules/.cache/usher
# Node's compile cache is per user. The server may read it but not change it.
USER node
RUN node scripts/warm.js
USER root
RUN chown -R root:root node_modules/.cache && chmod -R a+rX node_modules/.cache
USER node
VOLUME /data
EXPOSE 50051 8080 8081
# Asks the HTTP listener or, where that is off, the API Manager's. With both off: docker run --no-healthcheck.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "const { USHER_HTTP_LISTEN: http, USHER_MANAGER_LISTEN: manager } = process.env; const port = (http === 'off' ? manager : http).split(':').pop(); fetch(`http://127.0.0.1:${port}/readyz`).then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts", "serve"]
