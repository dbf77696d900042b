// SPDX-License-Identifier: MIT
// What happens when an LMDB environment turns out to be damaged while larderd runs. LMDB reads its file through a map
// and trusts it: a page that cannot be read is SIGBUS, one with wrong contents SIGSEGV, an assertion or an error code.
// None of it can be mended under the hands of those who use the environment. So larderd marks the environment by a file
// `<name>.suspect` beside it and begins anew, as the same process: after a fault at once (execve from the signal's
// handler; clients are cut, as by a crash, and come back), after an error code as after SIGTERM, within ten seconds.
// At the start a marked environment is looked at page by page, and set aside when it is damaged or was marked twice.
//
// A fault that belongs to no environment is not caught: it ends the process with a core, as ever.
// Threads: any, where nothing else is said.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace larder {

// Once, on the main thread, before the first environment is opened. `arguments` as main got them; kept.
void guard_against_faults(char** arguments);

// Begins larderd anew in this process; every descriptor but 0, 1 and 2 is closed. Returns only when that cannot be
// done.
void begin_anew();

// From now on larderd is stopping: a fault marks its environment and ends the process, with 0, as it was asked to end.
// Begun anew it would serve on, and nobody would ask it to stop again.
void end_at_faults();

// How often the environment in this directory was marked since it last ran well. 0: never.
unsigned times_suspected(const std::filesystem::path& environment);
// Marks it, and has restart_wanted() say why.
void suspect(const std::filesystem::path& environment, std::string_view why);
// After it was set aside, or has run well for a while.
void trust(const std::filesystem::path& environment);

// Has restart_wanted() say why, without a mark: for what only opening anew can cure.
void want_restart(std::string_view why);
// Why larderd should begin anew; "" when it need not. The main thread asks once a second.
std::string restart_wanted();

// While it lives, faults at an address in the map are the environment's. At most 16 at a time.
class GuardedMap {
 public:
  GuardedMap() = default;
  // Finds where the environment's data file is mapped: LMDB does not say.
  explicit GuardedMap(const std::filesystem::path& environment);
  ~GuardedMap();
  GuardedMap(GuardedMap&& other) noexcept;
  GuardedMap& operator=(GuardedMap&& other) noexcept;

  // For InsideLmdb; -1 when none was free.
  int slot() const { return slot_; }
  // Where the map begins; null when it was not found.
  const void* begin() const;

 private:
  int slot_ = -1;
};

// Lives as long as one call of LMDB: any fault and any abort on this thread meanwhile is the environment's, wherever it
// lies, since LMDB follows and copies what damaged pages say.
class InsideLmdb {
 public:
  explicit InsideLmdb(int slot);
  ~InsideLmdb();
  InsideLmdb(const InsideLmdb&) = delete;
  InsideLmdb& operator=(const InsideLmdb&) = delete;

 private:
  int before_;
};

}  // namespace larder
