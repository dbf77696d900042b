// SPDX-License-Identifier: MIT
// What Larder fetches of its own accord, as an order for the fill desk.
#pragma once

#include <string>

#include "base/result.h"
#include "cache/freshness.h"
#include "proxy/fill.h"
#include "updates/knowledge.h"
#include "updates/recognise.h"

namespace larder::proxy {

class OriginTable;

cache::NameClass name_class(updates::NameStability stability);

// The whole object of a URL. What the store has of it is not looked up. invalid: it is no http or https URL, or on no
// host that is served (origins.vendors, origins.host).
Result<FillOrder> own_order(const std::string& url, const OriginTable& origins, const updates::Knowledge& knowledge);

}  // namespace larder::proxy
