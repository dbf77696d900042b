// SPDX-License-Identifier: MIT
#include "reports/neighbours.h"

#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "base/owned.h"

namespace larder::reports {
namespace {

using Socket = Owned<mnl_socket, mnl_socket_close>;

// More than any site's table holds (the kernel's default bound is 1,024 for each family). Over it: the rest is unread.
constexpr std::size_t kMostNeighbours = 65536;

struct Attributes {
  std::optional<config::Address> address;
  std::optional<Mac> mac;
  std::uint8_t family = 0;
};

void read_address(const nlattr* attribute, Attributes& into) {
  const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute));
  const std::size_t length = mnl_attr_get_payload_len(attribute);
  config::Address address;
  if (into.family == AF_INET && length == 4) {
    address.bytes[10] = address.bytes[11] = 0xFF;
    std::copy_n(bytes, 4, address.bytes.begin() + 12);
  } else if (into.family == AF_INET6 && length == 16) {
    std::copy_n(bytes, 16, address.bytes.begin());
  } else {
    return;
  }
  into.address = address;
}

int on_attribute(const nlattr* attribute, void* context) noexcept {
  auto& into = *static_cast<Attributes*>(context);
  if (mnl_attr_get_type(attribute) == NDA_DST) read_address(attribute, into);
  if (mnl_attr_get_type(attribute) == NDA_LLADDR && mnl_attr_get_payload_len(attribute) == 6) {
    std::copy_n(static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute)), 6, into.mac.emplace().begin());
  }
  return MNL_CB_OK;
}

int on_message(const nlmsghdr* message, void* context) noexcept {
  auto& neighbours = *static_cast<std::vector<Neighbour>*>(context);
  if (message->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(message) < sizeof(ndmsg)) return MNL_CB_OK;
  const auto* header = static_cast<const ndmsg*>(mnl_nlmsg_get_payload(message));
  constexpr unsigned kUseless = NUD_INCOMPLETE | NUD_FAILED | NUD_NOARP;
  if ((header->ndm_state & kUseless) != 0) return MNL_CB_OK;
  Attributes found;
  found.family = header->ndm_family;
  mnl_attr_parse(message, sizeof(ndmsg), on_attribute, &found);
  const bool usable = found.address && found.mac && *found.mac != Mac{};
  if (usable && neighbours.size() < kMostNeighbours)
    neighbours.push_back({*found.address, *found.mac, NeighbourFrom::kernel, {}});
  return MNL_CB_OK;
}

class KernelNeighbours final : public Neighbours {
 public:
  std::vector<Neighbour> read() override {
    std::vector<Neighbour> neighbours;
    const Socket socket(mnl_socket_open(NETLINK_ROUTE));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) return neighbours;
    const timeval patience{1, 0};
    setsockopt(mnl_socket_get_fd(socket.get()), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (ask(socket.get())) receive(socket.get(), neighbours);
    return neighbours;
  }

 private:
  static bool ask(mnl_socket* socket) {
    std::array<char, 256> buffer{};
    nlmsghdr* message = mnl_nlmsg_put_header(buffer.data());
    message->nlmsg_type = RTM_GETNEIGH;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    message->nlmsg_seq = 1;
    auto* header = static_cast<ndmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ndmsg)));
    header->ndm_family = AF_UNSPEC;
    return mnl_socket_sendto(socket, message, message->nlmsg_len) >= 0;
  }

  static void receive(mnl_socket* socket, std::vector<Neighbour>& neighbours) {
    std::vector<char> buffer(32768);
    const unsigned port = mnl_socket_get_portid(socket);
    for (int more = MNL_CB_OK; more > MNL_CB_STOP;) {
      const ssize_t length = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
      if (length <= 0) return;
      more = mnl_cb_run(buffer.data(), static_cast<std::size_t>(length), 1, port, on_message, &neighbours);
    }
  }
};

}  // namespace

std::string mac_text(const Mac& mac) {
  std::array<char, 18> text{};
  std::snprintf(text.data(), text.size(), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                mac[5]);
  return text.data();
}

std::unique_ptr<Neighbours> kernel_neighbours() {
  return std::make_unique<KernelNeighbours>();
}

}  // namespace larder::reports
