# Builds the three programs as static binaries and packs them with the sample model, policy and
# roster into an image that holds nothing else: no shell, no libraries, no root.
#
#   docker build -t triage .
#   docker run --rm -p 50051:50051 triage
#
# Serve your own: mount folders over /srv/triage/models and /srv/triage/policies. Settings: mount a file over
# /etc/triage/triage.toml, which must then say where to listen (server.listen), since within a container the default,
# 127.0.0.1, cannot be reached from outside; or name another file by TRIAGE_CONFIG, which server and health check read
# alike. The option --config would be read by the server alone.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
ENV CARGO_PROFILE_DIST_STRIP=symbols
# The target is named so that build scripts and macros, which run here, stay dynamic.
RUN TARGET="$(uname -m)-unknown-linux-gnu" \
    && RUSTFLAGS="-C target-feature=+crt-static" cargo build --profile dist --locked --target "$TARGET" \
    && mkdir -p /out/bin \
    && cp "target/$TARGET/dist/triage-server" "target/$TARGET/dist/triage-train" \
          "target/$TARGET/dist/triage" /out/bin/

FROM scratch
WORKDIR /srv/triage
COPY --from=build /out/bin/ /bin/
COPY models models
COPY policies policies
COPY config/image.toml /etc/triage/triage.toml
ENV TRIAGE_CONFIG=/etc/triage/triage.toml
EXPOSE 50051
USER 65532:65532
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/bin/triage-server", "--health"]
ENTRYPOINT ["/bin/triage-server"]
