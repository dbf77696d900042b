// SPDX-License-Identifier: MIT
// A page: u64 its number | u16 - | u16 flags | u16 lower, u16 upper (of a value's pages: u32 how many) | u16 offsets of
// nodes. A node: u32 and u16 length of the value, or number of the child page (48 bits) | u16 length of the key | key |
// value, or, when large, the number of its first page. In a leaf the u16 are flags.
// A head (pages 0 and 1): at 16 u32 magic, u32 version, u64 address, u64 map size, two table records (free pages,
// main), u64 last page, u64 transaction. A table record: u32 -, u16 flags, u16 depth, u64 branches, leaves, value
// pages, entries, root. The free table's first u32 is the page size.
#include "base/lmdb_check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/owned.h"

namespace larder {

namespace {

constexpr std::size_t kHead = 16;
constexpr std::size_t kNodeHead = 8;
constexpr std::uint16_t kBranch = 1;
constexpr std::uint16_t kLeaf = 2;
constexpr std::uint16_t kOverflow = 4;
constexpr std::uint16_t kMeta = 8;
constexpr std::uint16_t kBigValue = 1;
constexpr std::uint16_t kTable = 2;
constexpr std::uint32_t kMagic = 0xBEEFC0DE;
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kNoPage = ~std::uint64_t{0};
constexpr std::size_t kTableRecord = 48;
constexpr unsigned kDeepest = 32;  // LMDB's own bound
constexpr std::uint64_t kFirstPage = 2;
constexpr std::size_t kSmallestPage = 512;
constexpr std::size_t kLargestPage = 65536;

template <class Number>
Number number_at(const char* bytes) {
  Number number;
  std::memcpy(&number, bytes, sizeof number);
  return number;
}

struct Table {
  unsigned depth = 0;
  std::uint64_t entries = 0;
  std::uint64_t root = kNoPage;
};

Table table_at(const char* bytes) {
  return {number_at<std::uint16_t>(bytes + 6), number_at<std::uint64_t>(bytes + 32),
          number_at<std::uint64_t>(bytes + 40)};
}

struct Snapshot {
  std::size_t page_bytes = 0;
  Table free;
  Table main;
  std::uint64_t last_page = 0;
  std::uint64_t transaction = 0;
};

struct Node {
  std::string_view key;
  std::uint16_t flags = 0;
  std::uint64_t child = 0;  // of a branch
  std::uint32_t value_bytes = 0;
  const char* value = nullptr;  // in the page; of a large one the number of its first page
};

enum class Keys { bytes, numbers };

class Walk {
 public:
  explicit Walk(int fd) : fd_(fd) {}

  Status run(std::uint64_t most_bytes) {
    if (Status found = find_snapshot(); !found) return found;
    if (most_bytes > 0 && (now_.last_page + 1) * now_.page_bytes > most_bytes) return ok();
    used_.assign(now_.last_page + 1, false);
    if (Status done = walk_table(now_.main, Keys::bytes, "the main table"); !done) return done;
    for (const auto& [name, table] : named_) {
      if (Status done = walk_table(table, Keys::bytes, "table " + name); !done) return done;
    }
    in_free_ = true;
    return walk_table(now_.free, Keys::numbers, "the table of free pages");
  }

 private:
  static Error damaged(std::string what) { return fail(ErrorKind::storage_damaged, std::move(what)); }
  static std::string named(std::uint64_t page) { return "page " + std::to_string(page); }

  Status read(std::uint64_t offset, std::span<char> bytes) const {
    std::size_t got = 0;
    while (got < bytes.size()) {
      const ssize_t some = pread(fd_, bytes.data() + got, bytes.size() - got, static_cast<off_t>(offset + got));
      if (some < 0 && errno == EINTR) continue;
      if (some < 0) return damaged("it cannot be read: " + std::system_category().message(errno));
      if (some == 0) return damaged("it ends at byte " + std::to_string(offset + got) + ", too soon");
      got += static_cast<std::size_t>(some);
    }
    return ok();
  }

  Result<Snapshot> read_head(std::uint64_t page, std::size_t page_bytes) const {
    std::vector<char> bytes(kHead + 24 + 2 * kTableRecord + 16);
    if (Status done = read(page * page_bytes, bytes); !done) return std::move(done).error();
    const char* const meta = bytes.data() + kHead;
    const bool is_head = (number_at<std::uint16_t>(bytes.data() + 10) & kMeta) != 0;
    if (!is_head || number_at<std::uint32_t>(meta) != kMagic || number_at<std::uint32_t>(meta + 4) != kVersion) {
      return damaged("head " + std::to_string(page) + " is none");
    }
    Snapshot head;
    head.page_bytes = number_at<std::uint32_t>(meta + 24);
    head.free = table_at(meta + 24);
    head.main = table_at(meta + 24 + kTableRecord);
    head.last_page = number_at<std::uint64_t>(meta + 24 + 2 * kTableRecord);
    head.transaction = number_at<std::uint64_t>(meta + 32 + 2 * kTableRecord);
    if (head.page_bytes < kSmallestPage || head.page_bytes > kLargestPage ||
        (head.page_bytes & (head.page_bytes - 1)) != 0) {
      return damaged("head " + std::to_string(page) + " has pages of " + std::to_string(head.page_bytes) + " bytes");
    }
    return head;
  }

  Status find_snapshot() {
    auto first = read_head(0, 0);
    if (!first) return std::move(first).error();
    auto second = read_head(1, first->page_bytes);
    if (!second) return std::move(second).error();
    if (first->page_bytes != second->page_bytes) return damaged("its heads have pages of different sizes");
    now_ = first->transaction < second->transaction ? *second : *first;
    struct stat status {};
    if (fstat(fd_, &status) != 0) return damaged("its length cannot be asked for");
    // A file may end some pages early (environment.cpp completes it), not by more than it has.
    const std::uint64_t pages = static_cast<std::uint64_t>(status.st_size) / now_.page_bytes;
    if (now_.last_page < 1 || now_.last_page > pages + kMayLack) {
      return damaged("it is truncated: " + std::to_string(pages) + " of " + std::to_string(now_.last_page + 1) +
                     " pages");
    }
    return ok();
  }

  Status claim(std::uint64_t first, std::uint64_t count) {
    if (first < kFirstPage || count > now_.last_page || first > now_.last_page + 1 - count) {
      return damaged(named(first) + " lies beyond the last one");
    }
    for (std::uint64_t page = first; page < first + count; ++page) {
      if (used_[page]) return damaged(named(page) + (in_free_ ? " is in use and free" : " is used twice"));
      used_[page] = true;
    }
    return ok();
  }

  Status walk_table(const Table& table, Keys keys, const std::string& name) {
    if (table.root == kNoPage) {
      if (table.entries == 0) return ok();
      return damaged(name + " has entries and no root");
    }
    if (table.depth == 0 || table.depth > kDeepest) return damaged(name + " has an impossible depth");
    entries_ = 0;
    last_key_.reset();
    if (Status done = walk_page(table.root, table.depth, keys); !done) {
      return std::move(done).error().with_context(name);
    }
    if (entries_ == table.entries) return ok();
    return damaged(name + " has " + std::to_string(entries_) + " entries, not " + std::to_string(table.entries));
  }

  Status walk_page(std::uint64_t number, unsigned depth, Keys keys) {
    if (Status done = claim(number, 1); !done) return done;
    std::vector<char> bytes(now_.page_bytes);
    if (Status done = read(number * now_.page_bytes, bytes); !done) return done;
    const std::uint16_t kind = number_at<std::uint16_t>(bytes.data() + 10);
    if (number_at<std::uint64_t>(bytes.data()) != number || kind != (depth > 1 ? kBranch : kLeaf)) {
      return damaged(named(number) + " is not the page that belongs there");
    }
    auto nodes = nodes_of(bytes, kind);
    if (!nodes) return std::move(nodes).error().with_context(named(number));
    if (kind == kBranch && nodes->size() < 2) return damaged(named(number) + " has too few children");
    for (std::size_t i = 0; i < nodes->size(); ++i) {
      const Node& node = (*nodes)[i];
      Status done = ok();
      if (kind == kBranch) {
        done = walk_page(node.child, depth - 1, keys);
      } else {
        done = take_leaf_node(node, keys);
      }
      if (!done) return done;
    }
    return ok();
  }

  Result<std::vector<Node>> nodes_of(const std::vector<char>& bytes, std::uint16_t kind) const {
    const std::size_t lower = number_at<std::uint16_t>(bytes.data() + 12);
    const std::size_t upper = number_at<std::uint16_t>(bytes.data() + 14);
    if (lower < kHead || lower % 2 != 0 || upper < lower || upper > bytes.size())
      return damaged("its bounds are wrong");
    std::vector<Node> nodes;
    for (std::size_t at = kHead; at < lower; at += 2) {
      const std::size_t offset = number_at<std::uint16_t>(bytes.data() + at);
      if (offset < upper || offset + kNodeHead > bytes.size()) return damaged("a node lies outside it");
      const char* const head = bytes.data() + offset;
      const std::size_t key_bytes = number_at<std::uint16_t>(head + 6);
      const std::size_t room = bytes.size() - offset - kNodeHead;
      if (key_bytes > room) return damaged("a key lies outside it");
      Node node;
      node.flags = number_at<std::uint16_t>(head + 4);
      node.key = {head + kNodeHead, key_bytes};
      node.value_bytes = number_at<std::uint32_t>(head);
      node.value = head + kNodeHead + key_bytes;
      if (kind == kBranch) {
        node.child = node.value_bytes | static_cast<std::uint64_t>(node.flags) << 32U;
      } else {
        if ((node.flags & ~(kBigValue | kTable)) != 0) return damaged("a node is of no known kind");
        const std::size_t here = (node.flags & kBigValue) != 0 ? sizeof(std::uint64_t) : node.value_bytes;
        if (key_bytes == 0 || here > room - key_bytes) return damaged("a value lies outside it");
      }
      nodes.push_back(node);
    }
    return nodes;
  }

  Status take_leaf_node(const Node& node, Keys keys) {
    if (keys == Keys::numbers && node.key.size() != sizeof(std::uint64_t)) return damaged("a key is no number");
    const bool in_order = !last_key_ || (keys == Keys::numbers ? number_at<std::uint64_t>(last_key_->data()) <
                                                                     number_at<std::uint64_t>(node.key.data())
                                                               : *last_key_ < node.key);
    if (!in_order) return damaged("its keys are not in order");
    last_key_ = std::string(node.key);
    ++entries_;
    if ((node.flags & kTable) != 0) {
      if (node.value_bytes != kTableRecord || in_free_) return damaged("a table's record is of another size");
      named_.emplace_back(std::string(node.key), table_at(node.value));
      return ok();
    }
    std::uint64_t first = 0;
    if ((node.flags & kBigValue) != 0) {
      first = number_at<std::uint64_t>(node.value);
      const std::uint64_t pages = (kHead + node.value_bytes - 1) / now_.page_bytes + 1;
      // The free table's own pages are claimed as in use.
      const bool free = std::exchange(in_free_, false);
      Status done = claim(first, pages);
      in_free_ = free;
      if (!done) return done;
    }
    return in_free_ ? take_free_list(node, first) : ok();
  }

  // u64 how many, then as many page numbers, descending.
  Status take_free_list(const Node& node, std::uint64_t first_page) {
    std::vector<char> bytes(node.value_bytes);
    if (first_page == 0) {
      std::memcpy(bytes.data(), node.value, bytes.size());
    } else if (Status done = read(first_page * now_.page_bytes + kHead, bytes); !done) {
      return done;
    }
    constexpr std::size_t kWord = sizeof(std::uint64_t);
    if (bytes.size() < kWord) return damaged("a list of free pages is too short");
    const auto count = number_at<std::uint64_t>(bytes.data());
    if (count > bytes.size() / kWord - 1) return damaged("a list of free pages is cut short");
    std::uint64_t before = kNoPage;
    for (std::uint64_t i = 1; i <= count; ++i) {
      const auto page = number_at<std::uint64_t>(bytes.data() + i * kWord);
      if (page >= before) return damaged("a list of free pages is not in order");
      before = page;
      if (Status done = claim(page, 1); !done) return done;
    }
    return ok();
  }

  static constexpr std::uint64_t kMayLack = 64;

  const int fd_;
  Snapshot now_;
  std::vector<bool> used_;
  std::vector<std::pair<std::string, Table>> named_;
  std::optional<std::string> last_key_;
  std::uint64_t entries_ = 0;
  bool in_free_ = false;
};

void close_file(int* fd) {
  ::close(*fd);
}

}  // namespace

Status check_lmdb_file(const std::filesystem::path& data_file, std::uint64_t most_bytes) {
  int fd = open(data_file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return ok();
  if (fd < 0) {
    return fail(ErrorKind::storage_broken,
                "opening " + data_file.string() + ": " + std::system_category().message(errno));
  }
  const Owned<int, close_file> closed(&fd);
  Status done = Walk(fd).run(most_bytes);
  if (!done) return std::move(done).error().with_context(data_file.string() + " is damaged");
  return ok();
}

bool was_never_made(const std::filesystem::path& data_file) {
  constexpr std::size_t kPage = 4096;
  std::ifstream in(data_file, std::ios::binary);
  std::vector<char> bytes(2 * kPage + 1);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const auto length = static_cast<std::size_t>(in.gcount());
  if (length == 0 || length > 2 * kPage) return false;
  bool whole = length == 2 * kPage;
  for (std::size_t at = 0; at < length; at += kPage) {
    const char* const page = bytes.data() + at;
    const bool zero = std::all_of(page, page + kPage, [](char byte) { return byte == 0; });
    const auto last_page = number_at<std::uint64_t>(page + kHead + 24 + 2 * kTableRecord);
    if (!zero && (number_at<std::uint32_t>(page + kHead) != kMagic || last_page != 1)) return false;
    if (zero) whole = false;
  }
  return !whole;
}

bool value_head_is_sound(const void* map, const void* value, std::size_t value_bytes) {
  constexpr std::size_t kPage = 4096;
  const auto* const head = static_cast<const char*>(value) - kHead;
  const auto offset = static_cast<std::size_t>(head - static_cast<const char*>(map));
  if (offset % kPage != 0) return true;  // inside a leaf: it has no head of its own
  return number_at<std::uint64_t>(head) == offset / kPage && number_at<std::uint16_t>(head + 10) == kOverflow &&
         number_at<std::uint32_t>(head + 12) == (kHead + value_bytes - 1) / kPage + 1;
}

}  // namespace larder
