// SPDX-License-Identifier: MIT
// How betas are told. Pure.
#pragma once

#include <string>
#include <string_view>

namespace larder::updates {

// "23D5114d", "22F5053f": a number of four digits from 5000 on, and a small letter, which only betas have. Those of
// Rapid Security Responses have more digits ("22F770820d"). A release candidate has the build it is released with, and
// is not told by it. Betas before iOS 5 and of macOS before 11 are numbered as releases are, and are not told either.
bool is_beta_build(std::string_view build);

// "26.3" of the build "23D5114d": "26.3 beta". As it is where the build is no beta's, or something is said of the
// version already ("26.3 beta 2").
std::string with_beta(std::string version, std::string_view build);

// A version for those who try out, as it is told: of betas, seeds and release candidates.
bool is_trial(std::string_view version);

// Whether `more` is the version `less` with more said of which beta it is: "26.3 beta 2" of "26.3 beta" and of "26.3".
bool says_more_of_beta(std::string_view more, std::string_view less);

}  // namespace larder::updates
