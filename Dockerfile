# Usher in a container, for those who have a container engine; scripts/build-image.sh makes a smaller image without one:
# docker build -t usher . && docker run -p 8080:8080 -p 127.0.0.1:8081:8081 -v usher:/data usher
# Who asks it for verdicts on the tokens of others sends a token of its own (docs/running.md#who-may-ask-for-verdicts).
# Usher writes to /data only, so --read-only works.

# Give it by digest where builds must be repeatable: --build-arg NODE_IMAGE=node@sha256:…
ARG NODE_IMAGE=node:26-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /usher
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run -s build:web && npm run -s build:server && npm pack --silent --ignore-scripts
RUN mkdir /app && tar -xzf usher-*.tgz -C /app --strip-components=1 && cp package-lock.json /app
WORKDIR /app
# Install scripts are not needed: the native packages come built for each platform.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && rm package-lock.json
# Node's compile cache is per user. The server may read it but not change it.
RUN mkdir -p node_modules/.cache/usher && chown 65532 node_modules/.cache/usher && mkdir -m 700 /data && chown 65532 /data
USER 65532:65532
RUN node --input-type=module -e "import { enableCompileCache } from 'node:module'; \
  enableCompileCache('/app/node_modules/.cache/usher'); \
  await import('/app/lib/server/serve.js'); await import('/app/lib/cli/program.js')"
USER root
RUN chown -R root:root node_modules/.cache && chmod -R a+rX node_modules/.cache

FROM ${NODE_IMAGE}
WORKDIR /app
ENV NODE_ENV=production \
    USHER_STORE=lmdb:/data \
    USHER_GRPC_LISTEN=0.0.0.0:50051 \
    USHER_HTTP_LISTEN=0.0.0.0:8080 \
    USHER_MANAGER_LISTEN=0.0.0.0:8081 \
    USHER_VERIFY_ACCESS=token
COPY --from=build /app /app
COPY --from=build --chown=65532:65532 /data /data
RUN ln -s /app/bin/usher.js /usr/local/bin/usher
USER 65532:65532
VOLUME /data
EXPOSE 50051 8080 8081
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["node", "/app/bin/usher.js", "healthcheck"]
ENTRYPOINT ["node", "/app/bin/usher.js"]
CMD ["serve"]
