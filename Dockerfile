# syntax=docker/dockerfile:1

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src src
# The caches stay with the builder, so that a change of ours does not compile the crates again;
# the binary is copied out, because a cache is no part of the layer.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --release --bin proxymeter \
    && install -D target/release/proxymeter /out/proxymeter

FROM debian:bookworm-slim
# Whom to trust at the vendors.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/proxymeter /usr/local/bin/proxymeter

# Where the store is: mount a volume there, or it goes with the container.
RUN install -d -o 10760 -g 10760 -m 0700 /var/lib/proxymeter
ENV STATE_DIRECTORY=/var/lib/proxymeter
VOLUME ["/var/lib/proxymeter"]

# Any number will do that is not 0; another than this one needs a volume of its own.
USER 10760:10760
EXPOSE 10760
# Loopback, the default, is out of reach from outside the container.
ENV PROXYMETER__WEB__LISTEN=0.0.0.0:10760
STOPSIGNAL SIGTERM
# The image has no HTTP client; bash opens the connection itself.
# With TLS or another port in the configuration, give the container a health check of your own.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/10760 && printf 'GET /-/healthy HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["/usr/local/bin/proxymeter"]
# Reads /etc/proxymeter/proxymeter.toml, which the operator mounts.
CMD ["serve", "--config", "/etc/proxymeter/proxymeter.toml"]
