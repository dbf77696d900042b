// SPDX-License-Identifier: MIT
#include "config/rates.h"

#include <catch2/catch.hpp>

using namespace larder::config;

TEST_CASE("a rate is a number, a unit of bits or bytes, and a second") {
  CHECK(*parse_rate("50 Mbit/s") == 6'250'000);
  CHECK(*parse_rate("50Mbit/s") == 6'250'000);
  CHECK(*parse_rate("10 MiB/s") == 10'485'760);
  CHECK(*parse_rate("500 kB/s") == 500'000);
  CHECK(*parse_rate("2.5 Gbit/s") == 312'500'000);
  CHECK(*parse_rate("64 kbit/s") == 8000);
  CHECK(*parse_rate("8000 B/s") == 8000);
  CHECK(*parse_rate("64000 bit/s") == 8000);
  CHECK(*parse_rate("") == 0);
}

TEST_CASE("what could be read in two ways, or not at all, is no rate") {
  for (const char* text :
       {"50",       "50 Mbit",    "50 MBit/s",  "50 mbit/s",  "50 Mb/s",     "50 Mbps",
        "-1 MB/s",  "1e3 kB/s",   "0x10 MB/s",  "+1 MB/s",    "1..5 MB/s",   ".5 MB/s",
        "5. MB/s",  "50  Mbit/s", "50 Mbit /s", " 50 Mbit/s", "50 Mbit/s ",  "fast",
        "/s",       "MB/s",       "0 MB/s",     "63 kbit/s",  "1001 Gbit/s", "99999999999999999999999 GB/s",
        "inf MB/s", "nan MB/s"}) {
    INFO(text);
    CHECK_FALSE(parse_rate(text));
  }
  CHECK_THAT(parse_rate("50 Mb/s").error().message, Catch::Contains("bits or bytes"));
  CHECK_THAT(parse_rate("1 kbit/s").error().message, Catch::Contains("from \"64 kbit/s\""));
}

TEST_CASE("a rate is shown as text that means the same") {
  for (const BytesPerSecond rate :
       {0ULL, 8000ULL, 8001ULL, 6'250'000ULL, 10'485'760ULL, 125'000'000ULL, 125'000'000'000ULL, 1'048'577ULL}) {
    INFO(rate);
    CHECK(*parse_rate(format_rate(rate)) == rate);
  }
  CHECK(format_rate(6'250'000) == "50 Mbit/s");
  CHECK(format_rate(10'485'760) == "10 MiB/s");
}

TEST_CASE("hours are read strictly") {
  CHECK(parse_hours("08:00-17:30")->begin_minute == 480);
  CHECK(parse_hours("08:00-17:30")->end_minute == 1050);
  CHECK(parse_hours("00:00-24:00")->end_minute == 1440);
  CHECK(format_hours(*parse_hours("22:05-06:00")) == "22:05-06:00");
  for (const char* text : {"", "08:00", "8:00-17:00", "08:00-17:60", "08:00-25:00", "24:00-08:00", "08:00-08:00",
                           "08:00 - 17:00", "08.00-17.00", "08:00-24:01", "08:00-17:00-18:00", "-1:00-17:00"}) {
    INFO(text);
    CHECK_FALSE(parse_hours(text));
  }
}

TEST_CASE("the first window that holds decides, and says no more than it says") {
  RatesConfig rates;
  rates.client = 1000;
  rates.line = 2000;
  RateWindow work;
  work.days = {true, true, true, true, true, false, false};
  work.begin_minute = 8 * 60;
  work.end_minute = 17 * 60;
  work.line = 500;
  RateWindow noon;
  noon.begin_minute = 12 * 60;
  noon.end_minute = 13 * 60;
  noon.client = 0;
  noon.line = 1;
  rates.windows = {work, noon};
  const auto line = [&](unsigned weekday, unsigned minute) { return rates_at(rates, {weekday, minute}).line; };
  const auto client = [&](unsigned weekday, unsigned minute) { return rates_at(rates, {weekday, minute}).client; };
  CHECK(line(0, 8 * 60 - 1) == 2000);
  CHECK(line(0, 8 * 60) == 500);
  CHECK(client(0, 8 * 60) == 1000);
  CHECK(line(4, 17 * 60 - 1) == 500);
  CHECK(line(4, 17 * 60) == 2000);
  CHECK(line(4, 12 * 60) == 500);
  CHECK(line(5, 12 * 60) == 1);
  CHECK(client(5, 12 * 60) == 0);  // no limit, though there is one outside
}

TEST_CASE("a window over midnight belongs to the day it begins on") {
  RatesConfig rates;
  rates.line = 100;
  RateWindow night;
  night.days = {false, false, false, false, true, false, false};  // Friday
  night.begin_minute = 22 * 60;
  night.end_minute = 6 * 60;
  night.line = 0;
  rates.windows = {night};
  const auto line = [&](unsigned weekday, unsigned minute) { return rates_at(rates, {weekday, minute}).line; };
  CHECK(line(4, 21 * 60) == 100);
  CHECK(line(4, 23 * 60) == 0);
  CHECK(line(5, 5 * 60 + 59) == 0);  // Saturday morning
  CHECK(line(5, 6 * 60) == 100);
  CHECK(line(4, 5 * 60) == 100);   // Friday morning is Thursday's night
  CHECK(line(5, 23 * 60) == 100);  // Saturday night
  RatesConfig sundays = rates;
  sundays.windows[0].days = {false, false, false, false, false, false, true};
  CHECK(rates_at(sundays, {0, 60}).line == 0);  // Monday at one
}
