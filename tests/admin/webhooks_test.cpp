// SPDX-License-Identifier: MIT
// What webhooks are sent, how it is signed, what waits on disk, and when it is tried again.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "admin/hook_body.h"
#include "admin/hook_post.h"
#include "admin/hook_queue.h"
#include "admin/hook_record.h"
#include "admin/kept_file.h"

using namespace larder;
using namespace larder::admin;
using nlohmann::json;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const WallTime kStart{seconds(1'786'979'045)};
const std::string kHostile = R"(<!channel> <https://evil.example|click> & **b** <at>all</at> [x](javascript:y))";

Event event_of(std::string name, const std::string& text = "Something has happened.") {
  return {new_event_id(),
          std::move(name),
          "2026-08-17T15:04:05Z",
          "larder.example.org",
          "warning",
          text,
          {{"product", text}, {"devices_complete", std::uint64_t{9}}}};
}

class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "larder-hooks-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  std::filesystem::path path() const { return path_ / "queue"; }
  std::ptrdiff_t files() const {
    return std::distance(std::filesystem::directory_iterator(path()), std::filesystem::directory_iterator());
  }

 private:
  std::filesystem::path path_;
};

HookOutcome outcome_of(long status, std::optional<seconds> retry_after = {}) {
  return {meaning_of(status), status, "it answered " + std::to_string(status), retry_after};
}

}  // namespace

TEST_CASE("an event is the same after it was kept") {
  const Event event = event_of("release_seen", kHostile);
  const auto again = parse_event(event_json(event));
  REQUIRE(again);
  CHECK(event_json(*again) == event_json(event));
  CHECK(again->id.size() == 32);
  CHECK(again->fields == event.fields);
  CHECK(new_event_id() != new_event_id());
  for (const char* broken : {"", "{", "[]", R"({"id": "x"})", R"({"id": 5})"}) CHECK_FALSE(parse_event(broken));
}

TEST_CASE("what strangers call things becomes text that can be shown") {
  CHECK(plain("macOS 15.7 (ä)") == "macOS 15.7 (ä)");
  CHECK(plain("a\nb\x1b[31m") == "a?b?[31m");
  CHECK(plain("a\xE2\x80\xAE"
              "b") == "a?b");
  CHECK(plain("\xFF\xFE") == "??");
  const std::string longest = plain(std::string(199, 'a') + "ää");
  CHECK(longest == std::string(199, 'a') + "...");
}

TEST_CASE("the plain format has the event's fields") {
  const json body = json::parse(hook_body(event_of("release_spread"), "json"));
  CHECK(body.at("event") == "release_spread");
  CHECK(body.at("site") == "larder.example.org");
  CHECK(body.at("severity") == "warning");
  CHECK(body.at("devices_complete") == 9);
}

TEST_CASE("in Slack's message no name is markup or a mention") {
  const json body = json::parse(hook_body(event_of("release_seen", kHostile), "slack"));
  const std::string text = body.at("text");
  CHECK(text.find_first_of("<>") == std::string::npos);
  CHECK_THAT(text, Catch::Contains("&lt;!channel&gt;") && Catch::Contains(" &amp; "));
  CHECK(body.at("mrkdwn") == false);
  REQUIRE(body.at("blocks").size() == 3);
  CHECK(body.at("blocks")[0].at("text").at("type") == "plain_text");
  CHECK(body.at("blocks")[1].at("text").at("type") == "plain_text");
  CHECK(body.at("blocks")[1].at("text").at("text") == kHostile);
  CHECK(body.at("blocks")[2].at("elements")[0].at("type") == "plain_text");
}

TEST_CASE("Slack's limits are kept within characters") {
  Event event = event_of("disk");
  event.site = std::string(148, 'x') + "ää";
  const json body = json::parse(hook_body(event, "slack"));
  CHECK(body.at("blocks")[0].at("text").at("text").get<std::string>().size() <= 150);
}

TEST_CASE("in Teams' card names stand in runs of text, which know no markup") {
  const json body = json::parse(hook_body(event_of("release_seen", kHostile), "teams"));
  CHECK(body.at("type") == "message");
  const json& attachment = body.at("attachments").at(0);
  CHECK(attachment.at("contentType") == "application/vnd.microsoft.card.adaptive");
  const json& card = attachment.at("content");
  CHECK(card.at("type") == "AdaptiveCard");
  CHECK_FALSE(card.contains("msteams"));
  for (const json& block : card.at("body")) {
    CHECK(block.at("type") == "RichTextBlock");
    CHECK(block.at("inlines").at(0).at("type") == "TextRun");
  }
  CHECK(card.at("body")[1].at("inlines")[0].at("text") == kHostile);
}

TEST_CASE("a signature is the HMAC of time and body") {
  // printf '1786979045.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
  CHECK(hook_signature("0123456789abcdef", 1'786'979'045, R"({"a":1})") ==
        "t=1786979045,v1=fe40fdd9001ee9d72b13753d52c17da3d077ef21a977dfbb43a1391c9c9df4f0");
}

TEST_CASE("only 2xx is a delivery, and what a receiver refuses is not sent again") {
  using Kind = HookOutcome::Kind;
  for (const long status : {200, 202, 204}) CHECK(meaning_of(status) == Kind::delivered);
  for (const long status : {400, 401, 403, 404, 410, 413}) CHECK(meaning_of(status) == Kind::refused);
  for (const long status : {0, 302, 408, 429, 500, 503}) CHECK(meaning_of(status) == Kind::failed);
}

TEST_CASE("the site's own receivers are not asked through the proxy of the line") {
  for (const char* url : {"http://127.0.0.1:80/x", "http://[::1]/", "http://10.1.2.3/?a", "http://monitor:8000/hook",
                          "http://user@localhost/"}) {
    INFO(url);
    CHECK_FALSE(through_proxy(url));
  }
  for (const char* url : {"https://hooks.slack.com/services/x", "https://1.1.1.1/", "http://a@b.example:80/"}) {
    INFO(url);
    CHECK(through_proxy(url));
  }
}

TEST_CASE("what waits is taken up by the next program, in order and once") {
  const Directory directory;
  const Event first = event_of("disk");
  const Event second = event_of("release_seen");
  {
    HookQueue queue(directory.path());
    CHECK(queue.empty());
    queue.add(first, kStart);
    queue.add(second, kStart - hours(1));  // the clock was set back
    queue.add(first, kStart);              // again after a crash
    CHECK(queue.size() == 2);
  }
  HookQueue queue(directory.path());
  REQUIRE(queue.size() == 2);
  CHECK(queue.first().event.id == first.id);
  CHECK(queue.first().since == kStart);
  queue.remove_first();
  CHECK(queue.first().event.id == second.id);
  HookQueue third(directory.path());
  CHECK(third.size() == 1);
}

TEST_CASE("a file that holds no event is removed") {
  const Directory directory;
  REQUIRE(keep_file(directory.path() / "00000000000000000001.json", "{\"id\": "));
  std::ofstream(directory.path() / "00000000000000000002.json.part") << "half";
  HookQueue queue(directory.path());
  CHECK(queue.empty());
  CHECK_FALSE(std::filesystem::exists(directory.path() / "00000000000000000001.json"));
}

TEST_CASE("a full queue drops the oldest of the same kind, and counts it") {
  const Directory directory;
  constexpr std::size_t kLimit = 10;  // each waits for the disk
  HookQueue queue(directory.path(), kLimit);
  const Event rare = event_of("disk");
  queue.add(rare, kStart);
  const Event oldest = event_of("release_seen");
  queue.add(oldest, kStart);
  while (queue.size() < kLimit) queue.add(event_of("release_seen"), kStart);
  CHECK(queue.dropped() == 0);
  queue.add(event_of("release_seen"), kStart);
  CHECK(queue.size() == kLimit);
  CHECK(queue.dropped() == 1);
  CHECK(queue.first().event.id == rare.id);
  queue.add(event_of("origin_down"), kStart);  // none of its kind: the oldest of all
  CHECK(queue.first().event.name == "release_seen");
  CHECK(queue.first().event.id != oldest.id);
  CHECK(static_cast<std::size_t>(directory.files()) == kLimit);
}

TEST_CASE("a disk that cannot be written keeps nothing from being told") {
  HookQueue queue("/proc/nothing/here");
  queue.add(event_of("disk"), kStart);
  CHECK(queue.size() == 1);
  queue.remove_first();
  CHECK(queue.empty());
}

TEST_CASE("tries come twice as late each time, an hour at most, with some chance") {
  HookRecord record;
  const ManualClock clock(kStart);
  const auto fail_once = [&](double chance) {
    CHECK(record.note(outcome_of(500), clock.now(), {clock.now(), clock.steady()}, chance) ==
          HookRecord::Verdict::again);
    return record.next_try() - clock.steady();
  };
  CHECK(fail_once(0.5) == seconds(1));
  CHECK(fail_once(0.5) == seconds(2));
  CHECK(fail_once(0) == milliseconds(3200));
  CHECK(fail_once(1) == milliseconds(9600));
  for (int i = 0; i < 20; ++i) fail_once(0.5);
  CHECK(fail_once(0.5) == hours(1));
  CHECK(record.note(outcome_of(200), clock.now(), {clock.now(), clock.steady()}, 0.5) == HookRecord::Verdict::told);
  CHECK(record.next_try() == SteadyTime{});
  CHECK(fail_once(0.5) == seconds(1));
}

TEST_CASE("a receiver that names a time is not asked before") {
  HookRecord record;
  const ManualClock clock(kStart);
  const HookRecord::Moment now{clock.now(), clock.steady()};
  record.note(outcome_of(429, seconds(90)), clock.now(), now, 0.5);
  CHECK(record.next_try() - clock.steady() == seconds(90));
  record.note(outcome_of(503, seconds(1)), clock.now(), now, 0.5);  // less than the pause: the pause
  CHECK(record.next_try() - clock.steady() == seconds(2));
  record.note(outcome_of(503, hours(1000)), clock.now(), now, 0.5);
  CHECK(record.next_try() - clock.steady() == kEventLife);
}

TEST_CASE("what has waited a day, or is refused, is given up and counted") {
  HookRecord record;
  ManualClock clock(kStart);
  const auto note = [&](long status) {
    return record.note(outcome_of(status), kStart, {clock.now(), clock.steady()}, 0.5);
  };
  CHECK(note(410) == HookRecord::Verdict::given_up);
  CHECK(record.in_trouble(clock.now()));
  CHECK(note(500) == HookRecord::Verdict::again);
  clock.advance(hours(24) - seconds(1));
  CHECK(note(500) == HookRecord::Verdict::again);
  clock.advance(seconds(1));
  CHECK(note(500) == HookRecord::Verdict::given_up);
  CHECK(record.given_up() == 2);
}

TEST_CASE("a receiver that has failed for an hour is a problem until it takes one") {
  HookRecord record;
  ManualClock clock(kStart);
  const auto note = [&](long status) {
    record.note(outcome_of(status), clock.now(), {clock.now(), clock.steady()}, 0.5);
  };
  note(500);
  CHECK_FALSE(record.in_trouble(clock.now()));
  clock.advance(hours(1));
  CHECK(record.in_trouble(clock.now()));
  CHECK(record.failing_since() == kStart);
  note(204);
  CHECK_FALSE(record.in_trouble(clock.now()));
  CHECK(record.last_success() == clock.now());
}
