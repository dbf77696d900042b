#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds Larder and runs it here, as you, in the foreground: nothing outside this directory is changed, but for missing
# Debian packages. The first run writes var/larder.toml, which is yours to edit. Ctrl-C stops it.
set -euo pipefail
cd "$(dirname "$0")"
here="$PWD"
config="$here/var/larder.toml"

die() {
  echo "run.sh: $*" >&2
  exit 1
}

# The port of the first endpoint of a key of [listen], as larder.toml writes it.
listens_on() {
  sed -n "s/^ *$1 *= *\[ *\"[^\"]*:\([0-9][0-9]*\)\".*/\1/p" "$config" | head -1
}

# 50 GiB, or 60 % of what is free where that is less.
fitting_cache_size() {
  local free_mib size
  free_mib="$(df --output=avail -BM "$here/var" | tail -1 | tr -dc 0-9)"
  size=$((free_mib * 60 / 100))
  ((size > 51200)) && size=51200
  ((size >= 1024)) || die "the disk under $here/var has $free_mib MiB free; Larder wants at least 2 GiB to be of use"
  echo "$size MiB"
}

write_config() {
  mkdir -p "$here/var"
  local size
  size="$(fitting_cache_size)"
  cat >"$config" <<TOML
# Written by run.sh on its first run; yours to edit. config/larder.toml shows every key there is.
[listen]
http  = ["0.0.0.0:8080"]     # where devices ask
admin = ["127.0.0.1:8081"]   # page, API, metrics; only from this machine

[storage]
path = "$here/var"
cache_size = "$size"
reserve = "1 GiB"
TOML
}

port_in_use() {
  ss -Hltn "sport = :$1" 2>/dev/null | grep -q .
}

check_ports() {
  local key port
  for key in http admin; do
    port="$(listens_on "$key")"
    [[ -n "$port" ]] || continue
    if port_in_use "$port"; then
      die "port $port is in use by something else ($(ss -Hltnp "sport = :$port" 2>/dev/null | sed -n 's/.*users:((\("[^"]*",pid=[0-9]*\).*/\1/p' | head -1)).
  Stop it, or change \"$key\" under [listen] in $config."
    fi
  done
}

what_to_try() {
  local http admin larder="$here/build/release/admin/larder"
  http="$(listens_on http)"
  admin="$(listens_on admin)"
  [[ -x "$larder" ]] || larder="larder"
  cat <<TEXT

Larder is running. Try, in another terminal:

  an Apple file, as Apple's updaters ask a content cache for it (twice: the second comes from here)
    curl -sD- -o /dev/null "http://127.0.0.1:$http/content/catalogs/others/index-14.merged-1.sucatalog.gz?source=swscan.apple.com&sourceScheme=https"

  Microsoft AutoUpdate's manifest of Outlook, as a Mac asks its update cache for it
    curl -sD- -o /dev/null "http://127.0.0.1:$http/mau/Current/0409OPIM2019.xml"

  what Larder knows of it all
    $larder --admin http://127.0.0.1:$admin status
    $larder --admin http://127.0.0.1:$admin report summary
    http://127.0.0.1:$admin/            (the page)

Configuration: $config     Stop: Ctrl-C

TEXT
}

./install-packages.sh --for build
[[ -e build/release/build.ninja ]] || cmake --preset release >/dev/null
echo "Building (the first time takes some minutes) ..."
cmake --build --preset release --target larderd larder
[[ -e "$config" ]] || write_config
check_ports
./build/release/larderd --config "$config" --check >/dev/null || die "mend $config and run again"

./build/release/larderd --config "$config" &
daemon=$!
trap 'kill -TERM $daemon 2>/dev/null' INT TERM
ready="http://127.0.0.1:$(listens_on admin)/readyz"
while kill -0 $daemon 2>/dev/null; do
  if curl -sf -o /dev/null --max-time 1 "$ready"; then
    what_to_try
    break
  fi
  sleep 0.1
done
# A signal that the trap handles ends the first wait; the second waits for the daemon's own end.
wait $daemon && status=0 || status=$?
if kill -0 $daemon 2>/dev/null; then
  wait $daemon && status=0 || status=$?
fi
exit $status
