// SPDX-License-Identifier: MIT
#include "proxy/own_order.h"

#include <memory>

#include "proxy/origin_table.h"

namespace larder::proxy {

cache::NameClass name_class(updates::NameStability stability) {
  switch (stability) {
    case updates::NameStability::immutable:
      return cache::NameClass::immutable;
    case updates::NameStability::mutable_name:
      return cache::NameClass::mutable_name;
    case updates::NameStability::ordinary:
      return cache::NameClass::ordinary;
  }
  return cache::NameClass::ordinary;
}

Result<FillOrder> own_order(const std::string& text, const OriginTable& origins, const updates::Knowledge& knowledge) {
  const auto url = updates::Url::parse(text);
  if (!url) return fail(ErrorKind::invalid, "\"" + text + "\" is no URL; write it whole, with http:// or https://");
  const updates::CanonicalUrl name = updates::canonical(*url);
  const auto* rule = origins.find(name.origin.host, name.origin.port);
  if (rule == nullptr) {
    return fail(ErrorKind::invalid,
                name.origin.host + " is no host of origins.vendors or origins.host; only those are fetched");
  }
  FillOrder order;
  order.key = name.key;
  order.url = name.key;
  order.origin = name.origin;
  order.fallbacks = name.fallbacks;
  order.what = std::make_shared<const updates::Recognition>(updates::recognise(*url, knowledge));
  if (rule->knows_updates) {
    order.name = name_class(order.what->stability);
  } else {
    order.standard = std::make_shared<const StandardAsk>();
  }
  return order;
}

}  // namespace larder::proxy
