// SPDX-License-Identifier: MIT
// A file of the update cache. Manifests and what goes with them come from what is published (proxy/mau_publisher.h);
// packages from where a manifest says.
#include "proxy/catalogue_keeper.h"
#include "proxy/exchange.h"
#include "proxy/mau_publisher.h"
#include "updates/mau_place.h"

namespace larder::proxy {

void Exchange::begin_update_cache() {
  const updates::MauRequest& asked = *target().mau;
  const std::string_view app_id = updates::mau_app_id(asked.file);
  if (asked.collateral && updates::is_mau_app_id(app_id)) {
    ask_for_manifest(updates::mau_spelling(app_id));
  } else {
    begin_package();
  }
}

void Exchange::ask_for_manifest(std::string app_id) {
  const updates::MauRequest& asked = *target().mau;
  asked_manifests_ = true;
  auto answer = std::make_shared<MauAnswer>();
  loop_.expect(id_, [this, answer] { manifest_answered(*answer); });
  MauAsk ask{asked.channel, std::move(app_id), asked.file, connection_.client().text() + " " + target().token};
  loop_.site.manifests.ask(std::move(ask), [&loop = loop_, id = id_, answer](MauAnswer given) {
    loop.thread.post([&loop, id, answer, given = std::move(given)]() mutable {
      *answer = std::move(given);
      loop.wake(id);
    });
  });
}

void Exchange::manifest_answered(const MauAnswer& answer) {
  const updates::MauRequest& asked = *target().mau;
  candidates_ = updates::resolve_mau(asked, *loop_.knowledge());
  if (answer.kind == MauAnswer::Kind::unknown) {
    next_candidate();
    return;
  }
  take_candidate();
  if (answer.kind == MauAnswer::Kind::file) {
    object_ = answer.file.object;
    document_ = answer.file.bytes;
    record_.answered = answer.confirmed ? reports::Answered::hit : reports::Answered::stale;
    answer_object(answer.confirmed ? "hit" : "hit; detail=not-confirmed-by-the-origin");
  } else if (answer.kind == MauAnswer::Kind::withheld) {
    record_.answered = reports::Answered::failed;
    send_to_vendor();
  } else {
    answer_text(404, "This channel has no such file.\n", "text/plain; charset=utf-8");
  }
}

// A package is where a catalogue says; when none does, the catalogues are read anew once.
void Exchange::begin_package() {
  const updates::MauRequest& asked = *target().mau;
  const updates::ListedFile* listed =
      asked.collateral ? nullptr : loop_.knowledge()->find_package(asked.channel->name, asked.app_id, asked.file);
  if (listed == nullptr && !asked.collateral && !asked_catalogues_) {
    asked_catalogues_ = true;
    loop_.expect(id_, [this] { begin_package(); });
    loop_.site.catalogues.refresh(*asked.channel,
                                  [&loop = loop_, id = id_] { loop.thread.post([&loop, id] { loop.wake(id); }); });
    return;
  }
  if (listed != nullptr && updates::is_mau_app_id(listed->app_id)) {
    loop_.site.manifests.used(*asked.channel, listed->app_id);
  }
  candidates_ = updates::resolve_mau(asked, *loop_.knowledge());
  if (listed != nullptr && !candidates_.empty()) listed_at_ = candidates_.front().origin;
  next_candidate();
}

void Exchange::next_candidate() {
  if (candidates_.empty()) {
    answer_text(404, "No catalogue of this channel lists the file, and its directory does not have it.\n",
                "text/plain; charset=utf-8");
    return;
  }
  take_candidate();
  look_up();
}

void Exchange::take_candidate() {
  if (candidates_.empty()) return;
  FetchTarget next = target();
  next.url = std::move(candidates_.front());
  candidates_.erase(candidates_.begin());
  asked_ = loop_.understand(std::move(next), nullptr);
}

// The same as send_chunk of what lies in memory.
Exchange::Step Exchange::send_document(Piece& piece) {
  const auto bytes = std::as_bytes(std::span(*document_));
  return send_span(piece, bytes.subspan(piece.range.first, piece.range.end - piece.range.first), false);
}

}  // namespace larder::proxy
