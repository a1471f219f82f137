FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=unknown
ARG REVISION=unknown
ARG BUILD_DATE=unknown
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags "-s -w \
        -X github.com/prometheus/common/version.Version=$VERSION \
        -X github.com/prometheus/common/version.Revision=$REVISION \
        -X github.com/prometheus/common/version.BuildDate=$BUILD_DATE" \
        -o /docspace_exporter .

# The binary is static and embeds the time zone database; certificates are all it needs beside it.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /docspace_exporter /bin/docspace_exporter
COPY LICENSE /LICENSE
ARG VERSION=unknown
ARG REVISION=unknown
ARG BUILD_DATE=unknown
LABEL org.opencontainers.image.title="docspace_exporter" \
      org.opencontainers.image.description="Prometheus exporter for the health of ONLYOFFICE DocSpace webhooks" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$BUILD_DATE"
USER 65532:65532
EXPOSE 10056
# There is no shell and no curl: the exporter asks itself, where its variables say that it listens.
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s CMD ["/bin/docspace_exporter", "healthcheck"]
ENTRYPOINT ["/bin/docspace_exporter"]
