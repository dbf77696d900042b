// SPDX-License-Identifier: MIT
// Whether what is stored will do for this request, and how a fill is asked for when it will not (RFC 9111 4).
#include <algorithm>
#include <array>

#include "base/text.h"
#include "proxy/exchange.h"
#include "proxy/fill_desk.h"

namespace larder::proxy {
namespace {

// An answer that turns out to be another variant than this request selects, each time it is asked for, is passed.
constexpr int kOtherVariants = 4;

// What Larder itself asks for, or asks in its own way, in a request that is to bring a whole object.
bool is_conditional(std::string_view field) {
  constexpr std::array<std::string_view, 6> kNames{
      "If-Match:", "If-None-Match:", "If-Modified-Since:", "If-Unmodified-Since:", "If-Range:", "Range:"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](auto name) { return equals_ignoring_case(field.substr(0, name.size()), name); });
}

}  // namespace

cache::RequestDirectives Exchange::directives() const {
  const bool says = head_->has(FieldName::cache_control) || head_->has(FieldName::pragma);
  return says ? cache::request_directives(head_->joined("Cache-Control"), head_->joined("Pragma"))
              : cache::RequestDirectives{};
}

std::shared_ptr<const StandardAsk> Exchange::standard_ask() const {
  auto ask = std::make_shared<StandardAsk>();
  // What ends at this connection selects no variant: the origin does not see it.
  for (const auto& [name, value] : head_->fields) {
    if (!head_->nominates(name)) ask->request.emplace_back(name, value);
  }
  for (std::string& field : fields_to_forward()) {
    if (!is_conditional(field)) ask->fields.push_back(std::move(field));
  }
  ask->authorized = head_->has(FieldName::authorization);
  return ask;
}

cache::SaysOfField Exchange::says_of_fields() const {
  return [head = head_](std::string_view name) -> std::optional<std::string> {
    if (!head->has(name) || head->nominates(name)) return std::nullopt;
    return head->joined(name);
  };
}

void Exchange::look_up() {
  key_ = target().url.key;
  object_ = loop_.reader().find(key_);
  if (!object_ && asked_->standard) {
    if (auto variant = loop_.site.fills.variants().key_for(key_, says_of_fields())) {
      key_ = std::move(*variant);
      object_ = loop_.reader().find(key_);
    }
  }
  use_what_is_held();
}

// Whether this answer is the one the request selects of its URL's variants.
bool Exchange::selects(const cache::Object& object) {
  if (object.url == target().url.key) {
    key_ = object.url;
  } else if (object.url != key_) {
    key_ = cache::VariantTable::sibling(object.url, object.fields, says_of_fields());
  }
  return object.url == key_;
}

void Exchange::take_other_variant() {
  leave_fill();
  if (!asked_->standard || ++other_variants_ > kOtherVariants) {
    begin_pass();
    return;
  }
  object_ = loop_.reader().find(key_);
  use_what_is_held();
}

void Exchange::use_what_is_held() {
  record_.answered = reports::Answered::failed;  // until it turns out otherwise
  const cache::RequestDirectives request = directives();
  const auto use =
      object_ ? cache::use_for(object_->freshness, asked_->name, request, record_.time) : cache::Use::after_asking;
  const bool usable = use == cache::Use::as_it_is || (use == cache::Use::while_asking && object_->complete());
  const bool alone = asked_->standard && (request.no_store || head_->has(FieldName::speaks_for_another));
  if (alone && !request.only_if_cached) {
    object_ = nullptr;
    begin_pass();
  } else if (head_->method == "HEAD" ? usable : usable && (object_->complete() || wanted_is_held(*object_))) {
    answer_held(use);
  } else if (request.only_if_cached) {
    answer_text(504, "Not in the cache.\n", "text/plain");
  } else {
    const bool validate = object_ && !usable;
    const bool fresh = validate && cache::is_fresh(object_->freshness, asked_->name, record_.time);
    forwarded_ = fresh                      ? Forwarded::request
                 : validate                 ? Forwarded::stale
                 : object_                  ? Forwarded::partial
                 : key_ != target().url.key ? Forwarded::vary_miss
                                            : Forwarded::miss;
    if (head_->method == "HEAD") {
      begin_pass();
    } else {
      join(validate);
    }
  }
}

void Exchange::answer_held(cache::Use use) {
  if (!in_first_turn_) use_ = cache::ExtentUse(loop_.site.store, object_->extent);
  loop_.site.store.touch(object_->extent);
  const bool fresh = cache::is_fresh(object_->freshness, asked_->name, record_.time);
  record_.answered = fresh ? reports::Answered::hit : reports::Answered::stale;
  if (use == cache::Use::while_asking) {
    loop_.site.origin_thread.post([&site = loop_.site, order = fill_order(FillReason::stale)]() mutable {
      site.fills.fetch(std::move(order), [](const Status&) {});
    });
  }
  answer_object(fresh                             ? "hit"
                : use == cache::Use::while_asking ? "hit; detail=stale-while-revalidate"
                                                  : "hit; detail=max-stale");
}

FillOrder Exchange::fill_order(FillReason reason) const {
  FillOrder order;
  order.key = key_;
  order.url = target().url.key;
  order.origin = target().url.origin;
  order.fallbacks = target().url.fallbacks;
  order.name = asked_->name;
  order.what = asked_->what;
  order.known = object_;
  order.validate = reason == FillReason::stale;
  if (asked_->standard) order.standard = standard_ask();
  order.directives = directives();
  return order;
}

void Exchange::join(bool validate) {
  Want want = first_want();
  if (answered_ && pieces_left()) want = {pieces_[piece_].range.first, pieces_.back().range.end};
  expecting_ = true;
  has_reader_ = true;
  loop_.mirrors().expect(
      id_, [this](const std::shared_ptr<FillMirror>& mirror, Joining joining) { joined(mirror, joining); });
  const auto reason = validate ? FillReason::stale : FillReason::missing;
  loop_.site.origin_thread.post([&site = loop_.site, &port = loop_.port(), id = id_, order = fill_order(reason),
                                 want]() mutable { site.fills.join(id, port, std::move(order), want); });
}

}  // namespace larder::proxy
