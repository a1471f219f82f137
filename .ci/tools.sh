# shellcheck shell=bash
# What the checks need, for .ci/run: Debian packages, and what is built once and kept in the cache.

golangci_version=2.15.0
prometheus_version=2.42.0
nginx_version=1.22.1
jsonnet_version=0.22.0
helm_version=3.22.0
kustomize_version=5.8.1
kubeconform_version=0.8.0
compose_version=2.16.2 # of its library, which has a program that loads a file as docker compose does
kubernetes_version=1.36.1
operator_version=0.94.0

install_tools() {
    need curl curl
    need shellcheck shellcheck
    need buildah buildah
    need podman podman
    need runc runc
    need_static_busybox
    need chromium chromium
    need prometheus-alertmanager prometheus-alertmanager
    need systemd-analyze systemd
    need npm npm
    install_go golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint "$golangci_version"
    install_go jsonnet github.com/google/go-jsonnet/cmd/jsonnet "$jsonnet_version"
    install_go helm helm.sh/helm/v3/cmd/helm "$helm_version"
    install_go kustomize sigs.k8s.io/kustomize/kustomize/v5 "$kustomize_version"
    install_go kubeconform github.com/yannh/kubeconform/cmd/kubeconform "$kubeconform_version"
    install_go compose-config github.com/compose-spec/compose-go/v2/cmd "$compose_version"
    install_unpacked prometheus "$prometheus_version" usr/bin/promtool usr/bin/prometheus
    install_unpacked nginx "$nginx_version" usr/sbin/nginx # its libraries are those of apt and curl
    install_dashboard_check
    install_schemas
}

apt_updated=
apt_update() {
    [[ -z $apt_updated ]] || return 0
    apt-get update -qq
    apt_updated=yes
}

# need COMMAND PACKAGE: installs the Debian package when the command is missing.
need() { command -v "$1" >/dev/null || install_package "$2"; }

# need_static_busybox: the busybox that many machines have needs libraries, which an empty image has not.
need_static_busybox() { dpkg -s busybox-static >/dev/null 2>&1 || install_package busybox-static; }

# install_package PACKAGE: one that it conflicts with gives way.
install_package() {
    apt_update
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >"$work/apt.log" 2>&1 ||
        { cat "$work/apt.log"; fail "cannot install $1"; }
}

# install_go NAME PACKAGE VERSION
install_go() {
    local dir=$cache/$1-$3 began=$SECONDS
    if [[ ! -x $dir/$1 ]]; then
        GOBIN=$work/bin go install "$2@v$3"
        mkdir -p "$dir"
        mv "$work/bin/"* "$dir/$1"
        echo "built $1 $3 in $((SECONDS - began))s"
    fi
    PATH=$dir:$PATH
}

# install_unpacked PACKAGE VERSION FILE...: programs of a Debian package, without what the package does to the system.
install_unpacked() {
    local dir=$cache/$1-$2
    if [[ ! -x $dir/$1 ]]; then
        apt_update
        mkdir -p "$dir" "$work/$1"
        (cd "$work/$1" && apt-get download -qq -o APT::Sandbox::User=root "$1=$2*" && dpkg-deb -x "$1"_*.deb . && mv "${@:3}" "$dir/")
    fi
    PATH=$dir:$PATH
}

# install_dashboard_check installs the check of the dashboard against the types of Grafana, and makes its schema.
install_dashboard_check() {
    local dir
    dir=$cache/check-dashboard-$(cat deploy/grafana/schema/* | cksum | cut -d ' ' -f 1)
    if [[ ! -d $dir ]]; then
        rm -rf "$dir.new"
        npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps --install-links \
            --prefix "$dir.new" ./deploy/grafana/schema
        mv "$dir.new" "$dir" # so that it is there as a whole or not at all
    fi
    PATH=$dir/node_modules/.bin:$PATH
}

# module_dir PATH VERSION: where the source of a module is.
module_dir() { (cd "$work" && go mod download -json "$1@v$2") | sed -n 's/.*"Dir": "\(.*\)".*/\1/p'; }

# install_schemas makes what kubeconform needs.
install_schemas() {
    local maker kubernetes operator
    maker=$(cksum <.ci/schemas/main.go | cut -d ' ' -f 1)
    export KUBERNETES_SCHEMAS=$cache/schemas-$kubernetes_version-$operator_version-$maker
    [[ ! -d $KUBERNETES_SCHEMAS ]] || return 0
    kubernetes=$(module_dir k8s.io/kubernetes "$kubernetes_version")
    operator=$(module_dir github.com/prometheus-operator/prometheus-operator "$operator_version")
    rm -rf "$KUBERNETES_SCHEMAS.new"
    go run ./.ci/schemas "$kubernetes/api/openapi-spec/swagger.json" "$operator/example/prometheus-operator-crd-full" "$KUBERNETES_SCHEMAS.new"
    mv "$KUBERNETES_SCHEMAS.new" "$KUBERNETES_SCHEMAS"
}
