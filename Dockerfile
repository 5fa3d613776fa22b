# docker build -t llm-bot:local .
# docker run --rm --read-only --cap-drop ALL -v ./config:/config:ro --env-file .env -p 127.0.0.1:8080:8080 llm-bot:local
# The configuration is /config/config.yaml. In it health.host has to be 0.0.0.0, or nobody outside can ask for its health.

FROM node:24-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No scripts: the only one fetches a Node, and the image has one.
RUN npm ci --ignore-scripts
COPY rolldown.config.ts ./
COPY scripts/bundled.ts scripts/licenses.ts scripts/
COPY playground/preact-license.txt playground/
COPY src src
RUN npm run build

FROM node:24-trixie-slim
# health.port, where the configuration names another one.
ENV NODE_ENV=production HEALTH_PORT=8080 NODE_COMPILE_CACHE=/app/compiled
WORKDIR /app
# The bundle holds all it needs but what the playground's page loads in the browser.
COPY --from=build /app/node_modules/htm node_modules/htm
COPY config config
COPY playground playground
COPY --from=build /app/dist/llm-bot dist/llm-bot
COPY --from=build /app/dist/llm-bot.mjs /app/dist/THIRD-PARTY-LICENSES.txt dist/
# A volume mounted at /state begins with its owner: what the bot knows goes there (state.directory).
RUN mkdir --mode 700 compiled /state && chown 1000:1000 compiled /state
# By number: that is how Kubernetes sees that it is not root.
USER 1000:1000
# Node keeps the bundle compiled, for this user: a start takes less time and memory, on a read-only root too.
RUN node dist/llm-bot.mjs schema > /dev/null
EXPOSE 8080
STOPSIGNAL SIGTERM
# Until NATS is there nobody answers: the start takes up to 40 s.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.HEALTH_PORT + '/livez', { signal: AbortSignal.timeout(4000) }).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/llm-bot.mjs"]
CMD ["run", "--config", "/config/config.yaml"]
ARG VERSION=local
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="llm-bot" \
  org.opencontainers.image.description="A chat participant for CyTube rooms, over NATS and an OpenAI-compatible LLM" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.base.name="docker.io/library/node:24-trixie-slim" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.created="${CREATED}"
