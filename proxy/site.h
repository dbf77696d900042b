// SPDX-License-Identifier: MIT
// Site: the parts one running Larder is made of, as the data path sees them. Made by Proxy (proxy.h), outlives all
// loops.
#pragma once

#include <atomic>
#include <memory>

#include "base/clock.h"
#include "cache/reader.h"
#include "cache/store.h"
#include "config/config.h"
#include "proxy/counters.h"
#include "proxy/event_thread.h"
#include "proxy/origin_table.h"
#include "reports/ledger.h"

namespace larder::proxy {

class CatalogueKeeper;
class ClientTable;
class DeviceDesk;
class FillDesk;
class MauPublisher;
class PassDesk;
class TunnelDesk;

struct Site {
  const Clock& clock;
  cache::Store& store;
  cache::Pager& pager;
  reports::Ledger& ledger;
  const OriginTable& origins;
  Counters& counters;
  ClientTable& clients;
  EventThread& origin_thread;  // fills and passes are its: post to it
  FillDesk& fills;
  PassDesk& passes;
  TunnelDesk& tunnels;
  CatalogueKeeper& catalogues;
  MauPublisher& manifests;
  DeviceDesk& devices;
};

}  // namespace larder::proxy
