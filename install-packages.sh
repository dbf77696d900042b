#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs the Debian packages that Larder needs, and only those that are missing. Says nothing when there is nothing
# to do. Works as root or through sudo.
#
#   ./install-packages.sh [--for run|build|test|bench]
#
# run     what a built Larder needs to build and run on this machine (the default: same as build)
# build   compiler, CMake and libraries
# test    build, and what ./test.sh needs
# bench   test, and the peers that ./test.sh bench measures against
set -euo pipefail

build=(
  g++ cmake ninja-build pkg-config ccache ca-certificates
  libevent-dev libssl-dev liblmdb-dev libxxhash-dev libspdlog-dev libboost-dev libcurl4-openssl-dev
  libplist-dev libpugixml-dev libtomlplusplus-dev nlohmann-json3-dev libcli11-dev libcsv-dev prometheus-cpp-dev libmnl-dev
  libsystemd-dev libseccomp-dev libjs-chart.js zlib1g-dev curl iproute2
)
test=(
  catch2 lmdb-utils git nodejs python3 python3-pytest python3-yaml python3-requests nginx-light aria2 wget openssl systemd chromium chromium-driver prometheus
)
# Format and defects are checked with one version of clang, so that two machines agree.
clang=(clang-14 llvm-14 libclang-rt-14-dev clang-format-14 clang-tidy-14)
bench=(varnish wrk haproxy libnginx-mod-stream postgresql libpq-dev libsqlite3-dev)

# A name of one Debian release, and what another calls it.
declare -A alias_of=(
  [libboost-dev]=libboost1.81-dev  # Debian 12 has 1.74 as its default; 1.81 is the first whose parser is used here
)

usage() {
  sed -n '3,11s/^# \{0,1\}//p' "$0"
}

purpose=build
while (($#)); do
  case "$1" in
    --for) purpose="${2:-}"; shift ;;
    --for=*) purpose="${1#--for=}" ;;
    -h | --help) usage; exit 0 ;;
    *) echo "install-packages.sh: unknown argument '$1'" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
case "$purpose" in
  run | build) wanted=("${build[@]}") ;;
  test) wanted=("${build[@]}" "${test[@]}" "${clang[@]}") ;;
  bench) wanted=("${build[@]}" "${test[@]}" "${bench[@]}") ;;
  *) echo "install-packages.sh: --for takes build, test or bench, not '$purpose'" >&2; exit 2 ;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "install-packages.sh: this is not Debian or a relative of it. Install the equivalents of these by hand:" >&2
  printf '  %s\n' "${wanted[@]}" >&2
  exit 1
fi

installed() {
  [[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}
available() {
  [[ -n "$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *//p' | grep -v '(none)')" ]]
}

missing=()
for package in "${wanted[@]}"; do
  name="$package"
  other="${alias_of[$package]:-}"
  if [[ -n "$other" ]] && { installed "$other" || available "$other"; }; then
    name="$other"
  fi
  installed "$name" || missing+=("$name")
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "install-packages.sh: these packages are missing, and installing them needs root (sudo is not installed either):" >&2
    echo "  apt-get install ${missing[*]}" >&2
    exit 1
  fi
  if ! sudo -n true 2>/dev/null && [[ ! -t 0 ]]; then
    echo "install-packages.sh: these packages are missing, and sudo asks for a password without a terminal. Run as root:" >&2
    echo "  apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "Installing ${#missing[@]} packages: ${missing[*]}"
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@"
}
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
if ! { apt install --no-install-recommends -y "${missing[@]}" || { apt update && apt install --no-install-recommends -y "${missing[@]}"; }; } >"$log" 2>&1; then
  cat "$log" >&2
  echo "install-packages.sh: apt-get could not install: ${missing[*]}" >&2
  exit 1
fi
# The peers of tests and benchmarks are started by them with their own configuration, never as services of this machine.
if [[ "$purpose" != build && "$purpose" != run ]] && command -v systemctl >/dev/null; then
  for service in nginx varnish prometheus postgresql; do
    if printf '%s\n' "${missing[@]}" | grep -q "^$service"; then
      "${as_root[@]}" systemctl disable --now "$service" >/dev/null 2>&1 || true
    fi
  done
fi
