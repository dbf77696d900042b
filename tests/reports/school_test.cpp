// SPDX-License-Identifier: MIT
// Whether the ledger's answers are what a whole school's devices really did, device by device and byte by byte.
#include "school.h"

#include "updates/recognise.h"

namespace larder::reports {
namespace {

struct SchoolFixture : LedgerFixture {
  explicit SchoolFixture(std::uint64_t seed) : school(seed) {
    options.lease = std::chrono::hours(12);
    reopen();
  }

  void reopen() {
    school.shuffle_lab();
    neighbours = school.neighbours();
    open();
  }

  void spend(int days) {
    for (int day = 0; day < days; ++day) {
      std::vector<FetchRecord> batch;
      for (School::Event& event : school.next_day()) {
        batch.push_back(std::move(event.seen));
        truth.push_back(std::move(event.truth));
        if (batch.size() == 150) record(std::exchange(batch, {}));
      }
      record(std::move(batch));
      if (day % 10 == 9) reopen();
    }
  }

  School school;
  std::vector<FetchRecord> truth;
};

TEST_CASE("after two months of a school every answer is what its devices did", "[school]") {
  const auto seed = GENERATE(1U);
  SchoolFixture fixture(seed);
  fixture.spend(School::kDays);
  Ledger& ledger = *fixture.ledger;
  CAPTURE(seed, fixture.truth.size());

  check_all(ledger, fixture.truth, {});
  const auto day = [](int number) { return at({}) + std::chrono::days(number); };
  Filter week;
  week.from = day(20);
  week.to = day(27) + std::chrono::minutes(17);
  check_all(ledger, fixture.truth, week);
  Filter product;
  product.product = "Product 3";
  product.from = day(30) + std::chrono::seconds(1);
  check_all(ledger, fixture.truth, product);
  Filter pupil;
  pupil.device = "C0210123";
  check_all(ledger, fixture.truth, pupil);

  const auto reckoning = ledger.reckon(false).value();
  CHECK(reckoning.fetches == fixture.truth.size());
  CHECK(reckoning.wrong.empty());

  for (const auto& [id, system] : fixture.school.systems()) {
    const DeviceRow row = ledger.device(id).value().device;
    CAPTURE(id, system.told, system.runs);
    if (row.os_at_least) {
      CHECK(updates::compare_versions(row.os_version, system.told) > 0);
      CHECK(updates::compare_versions(row.os_version, system.runs) <= 0);
    } else {
      CHECK(row.os_version == system.told);
    }
  }
}

}  // namespace
}  // namespace larder::reports
