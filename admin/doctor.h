// SPDX-License-Identifier: MIT
// The doctor: is everything in order that a device needs to be served? Each check is named, judges, says what it has
// found and what to do. Checks only look; what they ask of others is bounded in time, so that all are over in seconds.
// Threads: a worker. One examination at a time (Desk::examining).
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "admin/routes.h"

namespace larder::admin {

enum class Verdict { good, warning, bad };
std::string_view to_string(Verdict verdict);

struct Finding {
  std::string_view check;  // "listener", "origin", ...: openapi.yaml lists them
  std::string subject;     // which of several: an address, a URL, a path; "" there is one
  Verdict verdict = Verdict::good;
  std::string found;
  std::string remedy;  // "" where there is nothing to do
};
using Findings = std::vector<Finding>;

// The worst of them; good when there are none.
Verdict worst(const Findings& findings);

// How long others are waited for, each kind of check.
inline constexpr std::chrono::milliseconds kPatience{4000};

// doctor_machine.cpp: storage, descriptors, access, environments, catalogues
void examine_machine(const Desk& desk, Findings& findings);
// doctor_listeners.cpp: listeners, and the certificate they show
void examine_listeners(const Desk& desk, Findings& findings);
// doctor_origins.cpp: origins, upstream proxy, clock, nameservers, where the site's DNS leads names
void examine_origins(const Desk& desk, Findings& findings);

}  // namespace larder::admin
