#!/bin/bash
# SPDX-License-Identifier: MIT
# Tests Larder. Installs what is missing, builds, runs, and ends with one line: "N passed, N failed".
#
#   ./test.sh                  unit tests, scenarios, checks
#   ./test.sh unit             unit tests (Catch2)
#   ./test.sh scenarios [...]  scenarios against the real daemon; arguments go to pytest
#   ./test.sh checks           format, the rooms' borders, the pages held to the code, what the service may do
#   ./test.sh tidy             clang-tidy over every source; apart, since it takes as long as all of the above
#   ./test.sh asan | tsan      unit tests and scenarios under sanitizers
#   ./test.sh fuzz [SECONDS]   every fuzz target for so long (600)
#   ./test.sh soak [SECONDS]   random clients, faults and restarts for so long (600), then a long life in short
#   ./test.sh faults [SEEDS]   the power fails within every sync, for so many seeds (2); pages rot in every database
#   ./test.sh kills [N]        N kills (200) at moments of chance under load, and a count of what was owed
#   ./test.sh storms [N] [SEED]  N storms (500) of faults, kills and clients drawn from a seed, every byte checked
#   ./test.sh bench [ROW...]   side by side with nginx and Varnish; `./test.sh bench --list` names the rows
#   ./test.sh bench reports [--fetches N]  the ledger's reports beside SQLite and PostgreSQL
set -euo pipefail
cd "$(dirname "$0")"

passed=0
failed=0
failures=()
python=/usr/bin/python3
export PYTHONDONTWRITEBYTECODE=1

# One check: its name, then the command. Its output is shown as it comes.
check() {
  local name="$1"
  shift
  echo "== $name"
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    failures+=("$name")
  fi
}

# Adds the "passed failed" that a counting program wrote to a file; a program that wrote nothing has failed.
count() {
  local name="$1" file="$2" p f
  if read -r p f <"$file" 2>/dev/null && [[ -n "${f:-}" ]]; then
    passed=$((passed + p))
    failed=$((failed + f))
    ((f == 0)) || failures+=("$name")
    ((p + f > 0)) || { failed=$((failed + 1)); failures+=("$name: nothing was run"); }
  else
    failed=$((failed + 1))
    failures+=("$name: ended without a result")
  fi
}

finish() {
  echo
  for name in "${failures[@]+"${failures[@]}"}"; do
    echo "FAILED: $name"
  done
  echo "$passed passed, $failed failed"
  ((failed == 0 && passed > 0))
}

# A build that fails is one failure, and the end.
build() {
  local preset="$1"
  shift
  echo "== build $preset"
  if ! { cmake --preset "$preset" >"build/$preset-configure.log" 2>&1 || { cat "build/$preset-configure.log"; false; }; } ||
    ! cmake --build --preset "$preset" "$@"; then
    failed=$((failed + 1))
    failures+=("build $preset")
    finish
    exit 1
  fi
}

unit() {
  local preset="$1" program name tally=build/tally
  while IFS= read -r program; do
    name="unit: $(basename "$program")"
    echo "== $name"
    rm -f "$tally"
    $python tests/checks/catch.py "$tally" "$program" || true
    count "$name" "$tally"
  done < <($python tests/checks/catch.py --list "build/$preset")
}

scenarios() {
  local preset="$1" tally=build/tally
  shift
  echo "== scenarios ($preset)"
  rm -f "$tally"
  LARDERD="$PWD/build/$preset/larderd" LARDER="$PWD/build/$preset/admin/larder" LARDER_TALLY="$PWD/$tally" \
    $python -m pytest -p no:cacheprovider -q --tb=short tests/scenarios "$@" || true
  count "scenarios" "$tally"
}

checks() {
  check "format" $python tests/checks/format.py
  check "rooms" $python tests/checks/rooms.py build/dev
  check "day of a request" $python tests/checks/day.py
  check "conformance" $python tests/checks/conformance.py
  check "what the service may do" systemd-analyze security --offline=true --no-pager --threshold=15 build/dev/systemd/larderd.service
}

sanitized() {
  export ASAN_OPTIONS="halt_on_error=1:abort_on_error=1:detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1"
  export UBSAN_OPTIONS="halt_on_error=1:abort_on_error=1:print_stacktrace=1"
  export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1"
  export LARDER_SLOW=1
  build "$1"
  unit "$1"
  scenarios "$1"
}

fuzz() {
  local seconds="$1" target name
  build fuzz
  mkdir -p build/fuzz/artifacts
  for target in build/fuzz/tests/fuzz/fuzz_*; do
    [[ -x "$target" && -f "$target" ]] || continue
    name="${target##*/fuzz_}"
    local found="build/fuzz/corpus/$name" seeds="tests/fuzz/corpus/$name" arguments=()
    mkdir -p "$found"
    [[ -e "tests/fuzz/$name.dict" ]] && arguments+=("-dict=tests/fuzz/$name.dict")
    [[ -d "$seeds" ]] || seeds=""
    check "fuzz: $name, $seconds s" "$target" "-max_total_time=$seconds" -timeout=25 -rss_limit_mb=4096 -print_final_stats=0 \
      -verbosity=0 "-artifact_prefix=build/fuzz/artifacts/$name-" "${arguments[@]+"${arguments[@]}"}" "$found" ${seeds:+"$seeds"}
  done
}

what="${1:-all}"
(($#)) && shift
mkdir -p build
case "$what" in
  all | unit | scenarios | checks | tidy | asan | tsan | fuzz | soak | faults | kills | storms) ./install-packages.sh --for test ;;
  bench) ./install-packages.sh --for bench ;;
  -h | --help) sed -n '3,17s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) echo "test.sh: nothing is called '$what'" >&2; sed -n '3,17s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
case "$what" in
  all)
    build dev
    unit dev
    scenarios dev
    checks
    ;;
  unit) build dev; unit dev ;;
  scenarios) build dev; scenarios dev "$@" ;;
  checks) build dev; checks ;;
  tidy) build dev; check "clang-tidy" $python tests/checks/tidy.py build/dev ;;
  asan | tsan) sanitized "$what" ;;
  fuzz) fuzz "${1:-600}" ;;
  soak)
    build release --target larderd
    check "soak" env LARDERD="$PWD/build/release/larderd" $python tests/scenarios/soak.py --seconds "${1:-600}"
    check "long life" env LARDERD="$PWD/build/release/larderd" $python tests/scenarios/long_life.py --seconds "${1:-600}"
    ;;
  faults)
    build dev
    check "power cuts" env LARDERD="$PWD/build/dev/larderd" $python tests/scenarios/power_cuts.py --seeds "${1:-2}"
    LARDER_FAULTS_ALL=1 scenarios dev -k "test_damage or test_faulty_disk"
    ;;
  kills)
    build release --target larderd
    check "kills" env LARDERD="$PWD/build/release/larderd" $python tests/scenarios/kills.py --kills "${1:-200}"
    ;;
  storms)
    build release --target larderd
    check "storms" env LARDERD="$PWD/build/release/larderd" $python tests/scenarios/storms.py --count "${1:-500}" ${2:+--seed "$2"}
    ;;
  bench)
    if [[ "${1:-}" == reports ]]; then
      shift
      build release --target bench_reports
      exec $python tests/bench/reports.py --bench build/release/tests/bench/bench_reports "$@"
    fi
    build release --target larderd bench_load
    exec $python tests/bench/run.py --larderd build/release/larderd --load build/release/tests/bench/bench_load "$@"
    ;;
esac
finish
