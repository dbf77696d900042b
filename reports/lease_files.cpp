// SPDX-License-Identifier: MIT
#include "reports/lease_files.h"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "reports/dhcp_leases.h"
#include "reports/identity.h"

namespace larder::reports {
namespace {

namespace fs = std::filesystem;

Result<std::string> contents_of(const fs::path& file) {
  std::error_code error;
  const std::uintmax_t bytes = fs::file_size(file, error);
  if (error) return fail(ErrorKind::storage_broken, error.message());
  if (bytes > kLeaseFileBytes) return fail(ErrorKind::too_large, "it is larger than 64 MiB");
  std::ifstream in(file, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in.is_open() || in.bad()) return fail(ErrorKind::storage_broken, std::strerror(errno));
  return text;
}

class WithLeaseFiles final : public Neighbours {
 public:
  WithLeaseFiles(std::unique_ptr<Neighbours> kernel, std::vector<fs::path> files, const Clock& clock)
      : kernel_(std::move(kernel)), files_(std::move(files)), clock_(clock) {}

  std::vector<Neighbour> read() override {
    std::vector<Neighbour> neighbours = kernel_->read();
    std::unordered_map<config::Address, std::size_t, AddressHash> places;
    for (std::size_t i = 0; i < neighbours.size(); ++i) places.emplace(neighbours[i].address, i);
    for (const fs::path& file : files_) {
      for (DhcpLease& lease : leases_of(file)) {
        const auto [place, added] = places.emplace(lease.address, neighbours.size());
        if (added) {
          neighbours.push_back({lease.address, lease.mac, NeighbourFrom::dhcp, std::move(lease.name)});
        } else if (neighbours[place->second].mac == lease.mac && neighbours[place->second].name.empty()) {
          neighbours[place->second].name = std::move(lease.name);
        }
      }
    }
    return neighbours;
  }

 private:
  std::vector<DhcpLease> leases_of(const fs::path& file) {
    const auto text = contents_of(file);
    if (!text) {
      if (unread_.insert(file).second) {
        spdlog::warn(
            "DHCP leases in {} cannot be read: {}. Devices are not known by them meanwhile; larderd needs to be "
            "allowed to read the file (identity.dhcp_leases)",
            file.string(), text.error().message);
      }
      return {};
    }
    if (unread_.erase(file) > 0) spdlog::info("DHCP leases in {} can be read again", file.string());
    return read_dhcp_leases(*text, clock_.now());
  }

  std::unique_ptr<Neighbours> kernel_;
  const std::vector<fs::path> files_;
  const Clock& clock_;
  std::set<fs::path> unread_;
};

}  // namespace

std::unique_ptr<Neighbours> with_lease_files(std::unique_ptr<Neighbours> kernel, std::vector<fs::path> files,
                                             const Clock& clock) {
  if (files.empty()) return kernel;
  return std::make_unique<WithLeaseFiles>(std::move(kernel), std::move(files), clock);
}

}  // namespace larder::reports
