# shellcheck shell=bash
# The image, for .ci/run: built and run without a daemon.

# Images and containers of this run alone, removed with the rest of $work.
image_tool() { buildah --root "$work/images" --runroot "$work/images-run" "$@"; }
container_tool() {
    podman --root "$work/images" --runroot "$work/images-run" --tmpdir "$work/podman" --cgroup-manager cgroupfs --runtime runc "$@"
}

# shellcheck disable=SC2317 # called by the trap
remove_images() {
    [[ -d $work/images ]] || return 0
    container_tool rm --all --force >/dev/null 2>&1 || true
    image_tool umount --all >/dev/null 2>&1 || true
    image_tool rm --all >/dev/null 2>&1 || true
    umount "$work/images/overlay" 2>/dev/null || true
}

# import_build_base NAME: a stand-in for the Go image, of this machine's Go and downloaded modules; they are mounted when it runs.
import_build_base() {
    local container root
    container=$(image_tool from scratch)
    root=$(image_tool mount "$container")
    mkdir -p "$root"/{bin,go,tmp,root/.cache/go-build,usr/local/go,proxy,etc/ssl/certs}
    cp /bin/busybox "$root/bin/"
    chroot "$root" /bin/busybox --install -s /bin
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    image_tool config --env PATH=/usr/local/go/bin:/bin --env GOPATH=/go --env HOME=/root --env GOTOOLCHAIN=local \
        --env GOPROXY=file:///proxy --env GONOSUMDB='*' --env GOFLAGS=-modcacherw "$container"
    image_tool commit -q --rm "$container" "$1" >/dev/null
}

# The version and the revision that are built in.
image_version=1.2.3-ci
image_revision=0123abc

# build NAME DIRECTORY [ARGUMENT...]
build() {
    local name=$1 directory=$2
    shift 2
    image_tool bud -q --isolation chroot --network host --pull-never --format docker \
        -v "$(go env GOROOT):/usr/local/go:ro" \
        -v "$(go env GOMODCACHE)/cache/download:/proxy:ro" \
        -v "$(go env GOCACHE):/root/.cache/go-build" \
        "$@" -t "localhost/$name" "$directory" >"$work/image.log" 2>&1 || { cat "$work/image.log"; fail "the image $name does not build"; }
}

build_images() {
    local base
    base=$(awk '$1 == "FROM" && /AS build/ {print $(NF - 2)}' Dockerfile)
    import_build_base "localhost/$base"
    build docspace_exporter . \
        --build-arg VERSION="$image_version" --build-arg REVISION="$image_revision" --build-arg BUILD_DATE=2026-01-02T03:04:05Z
    build receiver deploy/compose/receiver
}

check_image() {
    local container health root user
    user=$(image_tool inspect --type image --format '{{.Docker.Config.User}}' localhost/docspace_exporter)
    [[ $user =~ ^[1-9][0-9]*:[1-9][0-9]*$ ]] || fail "the image's user is '$user', not a number other than root's"
    # shellcheck disable=SC2016 # the variables are the template's
    image_tool inspect --type image --format '{{range $k, $v := .Docker.Config.Labels}}{{$k}}={{$v}}{{"\n"}}{{end}}' \
        localhost/docspace_exporter >"$work/labels.txt"
    for label in title=docspace_exporter licenses=Apache-2.0 "version=$image_version" "revision=$image_revision"; do
        grep -qxF "org.opencontainers.image.$label" "$work/labels.txt" || { cat "$work/labels.txt"; fail "no label $label"; }
    done
    health=$(image_tool inspect --type image --format '{{range .Docker.Config.Healthcheck.Test}}{{.}} {{end}}' localhost/docspace_exporter)
    [[ $health == "CMD /bin/docspace_exporter healthcheck " ]] || fail "the image's health check is $health"
    container=$(image_tool from --pull-never localhost/docspace_exporter)
    root=$(image_tool mount "$container")
    "$root/bin/docspace_exporter" --version >"$work/version.txt" 2>&1
    grep -q "version $image_version .*revision: $image_revision" "$work/version.txt" || { cat "$work/version.txt"; fail "the version was not built in"; }
    # The zone is looked at before the address, which can't be listened on.
    chroot "$root" /bin/docspace_exporter --demo --docspace.time-zone=Asia/Kolkata --web.listen-address=256.0.0.1:1 >"$work/zone.txt" 2>&1 || true
    grep -q 'error: .*256.0.0.1' "$work/zone.txt" || { cat "$work/zone.txt"; fail "no time zone database in the image"; }
    grep -q 'BEGIN CERTIFICATE' "$root/etc/ssl/certs/ca-certificates.crt" || fail "no certificates in the image"
    echo "user $user, $(du -sh "$root" | cut -f1)"
}

# run_image runs it as it should be run: without any right, on a root that nobody can write to.
run_image() {
    local address began=$SECONDS status
    address=127.0.0.1:$(free_port)
    # Under lower limits than the machine's own, which a container may not be allowed to raise to.
    container_tool run --detach --name exporter --network host --read-only --read-only-tmpfs=false --cap-drop all \
        --security-opt no-new-privileges --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --health-interval disable \
        --env DOCSPACE_EXPORTER_WEB_LISTEN_ADDRESS="$address" localhost/docspace_exporter --demo >"$work/container.log" 2>&1 ||
        { cat "$work/container.log"; fail "the image does not run"; }
    exporter_pid=$(container_tool inspect --format '{{.State.Pid}}' exporter)
    wait_ready "http://$address/-/healthy" || { container_tool logs exporter; fail "the container is not healthy"; }
    for expected in "Uid: 65532 65532 65532 65532" "CapEff: 0000000000000000" "CapBnd: 0000000000000000" "NoNewPrivs: 1"; do
        tr '\t' ' ' <"/proc/$exporter_pid/status" | tr -s ' ' | grep -qxF "$expected" || fail "the container has not $expected"
    done
    grep -q ' / / ro,' "/proc/$exporter_pid/mountinfo" || fail "the container can write to its root"
    container_tool healthcheck run exporter || fail "the health check of the image fails"
    container_tool stop exporter >/dev/null 2>&1 
    status=$(container_tool inspect --format '{{.State.ExitCode}}' exporter)
    exporter_pid=
    [[ $status -eq 0 ]] || { container_tool logs exporter; fail "the container ended with status $status"; }
    ! container_tool healthcheck run exporter >/dev/null 2>&1 || fail "a container that ended is healthy"
    echo "ran without rights and stopped cleanly in $((SECONDS - began))s"
}
