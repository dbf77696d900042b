// SPDX-License-Identifier: MIT
#include "admin/device_list.h"

#include <csv.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "reports/identity.h"

namespace larder::admin {
namespace {

using reports::InventoryDevice;

// What a column's header says, without what is neither letter nor digit; the better ones first.
constexpr std::array<std::string_view, 5> kSerial{"serialnumber", "serial", "deviceserialnumber", "serialno",
                                                  "hardwareserial"};
constexpr std::array<std::string_view, 6> kName{"devicename", "computername", "displayname",
                                                "name",       "hostname",     "assetname"};
constexpr std::array<std::string_view, 5> kModel{"model", "modelname", "devicemodel", "modelidentifier",
                                                 "hardwaremodel"};
constexpr std::array<std::string_view, 14> kOwner{"owner",
                                                  "primaryuserupn",
                                                  "userprincipalname",
                                                  "username",
                                                  "assigneduser",
                                                  "useremail",
                                                  "emailaddress",
                                                  "fullname",
                                                  "email",
                                                  "primaryuserdisplayname",
                                                  "primaryuseremailaddress",
                                                  "user",
                                                  "realname",
                                                  "assignedto"};
constexpr std::array<std::string_view, 9> kGroup{
    "group", "blueprint", "blueprintname", "devicecategory", "category", "building", "department", "site", "team"};
constexpr std::array<std::string_view, 13> kMac{"mac",
                                                "macaddress",
                                                "primarymacaddress",
                                                "wifimac",
                                                "wifimacaddress",
                                                "ethernetmac",
                                                "ethernetmacaddress",
                                                "alternatemacaddress",
                                                "altmacaddress",
                                                "wirelessmac",
                                                "wirelessmacaddress",
                                                "lanmacaddress",
                                                "hardwareaddress"};
// What stands in the place of a serial number where there is none.
constexpr std::array<std::string_view, 7> kNoSerial{"0", "NONE", "N/A", "NA", "UNKNOWN", "NULL", "-"};

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string plain(std::string_view header) {
  std::string text;
  for (const char c : header) {
    const char lower = to_lower(c);
    if (is_digit(c) || (lower >= 'a' && lower <= 'z')) text += lower;
  }
  return text;
}

char delimiter_of(std::string_view text) {
  const std::string_view header = text.substr(0, text.find('\n'));
  char best = ',';
  for (const char c : {';', '\t'}) {
    if (std::count(header.begin(), header.end(), c) > std::count(header.begin(), header.end(), best)) best = c;
  }
  return best;
}

// Rows of fields with the lines they begin at.
struct Rows {
  struct Row {
    std::size_t line;
    std::vector<std::string> fields;
  };
  std::vector<Row> rows;
  std::vector<std::string> fields;
  std::size_t line = 1;
  std::size_t lines_inside = 0;  // of the row being read
};

void take_field(void* field, std::size_t length, void* rows_pointer) {
  auto& rows = *static_cast<Rows*>(rows_pointer);
  const std::string_view text(static_cast<const char*>(field), length);
  rows.lines_inside += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  rows.fields.emplace_back(text);
}

void take_row(int, void* rows_pointer) {
  auto& rows = *static_cast<Rows*>(rows_pointer);
  const bool empty =
      std::all_of(rows.fields.begin(), rows.fields.end(), [](const std::string& f) { return f.empty(); });
  if (!empty) rows.rows.push_back({rows.line, std::move(rows.fields)});
  rows.fields.clear();
  rows.line += 1 + rows.lines_inside;
  rows.lines_inside = 0;
}

Result<Rows> parse(const std::string& text) {
  Rows rows;
  csv_parser parser;
  if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0) {
    return fail(ErrorKind::internal, "the reader of CSV cannot be set up");
  }
  csv_set_delim(&parser, static_cast<unsigned char>(delimiter_of(text)));
  const bool whole = csv_parse(&parser, text.data(), text.size(), take_field, take_row, &rows) == text.size() &&
                     csv_fini(&parser, take_field, take_row, &rows) == 0;
  const std::size_t line = rows.line + rows.lines_inside;
  csv_free(&parser);
  if (!whole) {
    return fail(ErrorKind::invalid, "line " + std::to_string(line) +
                                        ": quotes do not match; a field with a quote in it "
                                        "is written \"like \"\"this\"\"\"");
  }
  return rows;
}

// Line ends as \n, without a byte order mark.
Result<std::string> as_text(std::string_view csv) {
  if (csv.starts_with("\xFF\xFE") || csv.starts_with("\xFE\xFF")) {
    return fail(ErrorKind::invalid, "the list is UTF-16; save it as CSV UTF-8");
  }
  if (csv.starts_with(kByteOrderMark)) csv.remove_prefix(kByteOrderMark.size());
  std::string text;
  text.reserve(csv.size());
  for (std::size_t i = 0; i < csv.size(); ++i) {
    if (csv[i] != '\r') {
      text += csv[i];
    } else if (i + 1 == csv.size() || csv[i + 1] != '\n') {
      text += '\n';
    }
  }
  std::size_t line = 1;
  for (const auto part : split(text, '\n')) {
    std::string visible(part);
    std::replace(visible.begin(), visible.end(), '\t', ' ');
    if (!is_printable_utf8(visible)) {
      return fail(ErrorKind::invalid,
                  "line " + std::to_string(line) + " is not text in UTF-8; save the list as CSV UTF-8");
    }
    ++line;
  }
  return text;
}

// Which columns are what: of several that say the same, the better known header first, and the next where it is empty;
// of hardware addresses, all.
class Columns {
 public:
  explicit Columns(const std::vector<std::string>& header)
      : serial_(find(header, kSerial)),
        name_(find(header, kName)),
        model_(find(header, kModel)),
        owner_(find(header, kOwner)),
        group_(find(header, kGroup)),
        macs_(find(header, kMac)) {}

  bool name_devices() const { return !serial_.empty(); }

  std::vector<std::pair<std::string, std::string>> taken(const std::vector<std::string>& header) const {
    std::vector<std::pair<std::string, std::string>> taken;
    const std::array all{std::pair("serial", &serial_), std::pair("name", &name_),   std::pair("model", &model_),
                         std::pair("owner", &owner_),   std::pair("group", &group_), std::pair("mac", &macs_)};
    for (const auto& [what, places] : all) {
      for (const std::size_t place : *places) taken.emplace_back(what, reports::clean_name(header[place]));
    }
    return taken;
  }

  void read(const Rows::Row& row, DeviceList& list) const {
    const std::string said = first_of(row, serial_);
    const auto serial = reports::as_serial(said);
    if (!serial || std::find(kNoSerial.begin(), kNoSerial.end(), *serial) != kNoSerial.end()) {
      list.problems.push_back({row.line, said.empty() ? "no serial number" : "\"" + said + "\" is no serial number"});
      return;
    }
    InventoryDevice device{
        *serial, first_of(row, name_), first_of(row, model_), first_of(row, owner_), first_of(row, group_), {}};
    for (const std::size_t place : macs_) {
      const std::string_view text = at(row, place);
      if (text.empty()) continue;
      const auto mac = reports::parse_mac(text);
      if (!mac) {
        list.problems.push_back({row.line, "\"" + reports::clean_name(text) + "\" is no hardware address; " + *serial +
                                               " is taken without it"});
      } else if (std::find(device.macs.begin(), device.macs.end(), *mac) == device.macs.end()) {
        device.macs.push_back(*mac);
      }
    }
    list.lines.push_back({row.line, std::move(device)});
  }

 private:
  using Places = std::vector<std::size_t>;

  template <class Names>
  static Places find(const std::vector<std::string>& header, const Names& names) {
    Places places;
    for (const std::string_view name : names) {
      for (std::size_t i = 0; i < header.size(); ++i) {
        if (plain(header[i]) == name) places.push_back(i);
      }
    }
    return places;
  }

  static std::string_view at(const Rows::Row& row, std::size_t place) {
    return place < row.fields.size() ? trim(row.fields[place]) : std::string_view{};
  }

  static std::string first_of(const Rows::Row& row, const Places& places) {
    for (const std::size_t place : places) {
      if (const auto text = at(row, place); !text.empty()) return reports::clean_name(text);
    }
    return {};
  }

  Places serial_, name_, model_, owner_, group_, macs_;
};

}  // namespace

Result<DeviceList> read_device_list(std::string_view csv) {
  const auto text = as_text(csv);
  if (!text) return text.error();
  const auto rows = parse(*text);
  if (!rows) return rows.error();
  if (rows->rows.empty()) return fail(ErrorKind::invalid, "the list is empty; its first line names the columns");
  if (rows->rows.size() - 1 > reports::kInventoryDevices) {
    return fail(ErrorKind::invalid, "the list has more than " + std::to_string(reports::kInventoryDevices) +
                                        " devices; import it in parts");
  }
  const std::vector<std::string>& header = rows->rows.front().fields;
  const Columns columns(header);
  if (!columns.name_devices()) {
    return fail(ErrorKind::invalid, "line " + std::to_string(rows->rows.front().line) +
                                        ": no column is headed \"Serial number\"; that is how devices are told apart");
  }
  DeviceList list;
  list.columns = columns.taken(header);
  for (auto row = rows->rows.begin() + 1; row != rows->rows.end(); ++row) columns.read(*row, list);
  return list;
}

}  // namespace larder::admin
