// SPDX-License-Identifier: MIT
// What answers each route (routes.h). Every function answers once, by `reply`, at once or later.
#pragma once

#include "admin/message.h"
#include "admin/routes.h"

namespace larder::admin {

// page.cpp
void serve_page(const Desk& desk, const Request& request, const Reply& reply);
void serve_page_file(const Desk& desk, const Request& request, const Reply& reply);

// status.cpp
void report_health(const Desk& desk, const Request& request, const Reply& reply);
void report_readiness(const Desk& desk, const Request& request, const Reply& reply);
void report_status(const Desk& desk, const Request& request, const Reply& reply);
void report_config(const Desk& desk, const Request& request, const Reply& reply);
void report_fills(const Desk& desk, const Request& request, const Reply& reply);

// doctor.cpp
void examine_larder(const Desk& desk, const Request& request, const Reply& reply);

// doctor_client.cpp
void examine_client(const Desk& desk, const Request& request, const Reply& reply);

// live_feed.cpp
void report_live(const Desk& desk, const Request& request, const Reply& reply);

// what.cpp
void report_what(const Desk& desk, const Request& request, const Reply& reply);

// releases.cpp
void report_releases(const Desk& desk, const Request& request, const Reply& reply);

// metrics.cpp
void report_metrics(const Desk& desk, const Request& request, const Reply& reply);

// ledger_reports.cpp
void report_summary(const Desk& desk, const Request& request, const Reply& reply);
void report_versions(const Desk& desk, const Request& request, const Reply& reply);

// device_reports.cpp
void report_devices(const Desk& desk, const Request& request, const Reply& reply);
void report_device(const Desk& desk, const Request& request, const Reply& reply);
void report_fetches(const Desk& desk, const Request& request, const Reply& reply);

// traffic.cpp
void report_traffic(const Desk& desk, const Request& request, const Reply& reply);

// adoption.cpp
void report_adoption(const Desk& desk, const Request& request, const Reply& reply);

// problems.cpp
void report_problems(const Desk& desk, const Request& request, const Reply& reply);

// totals_orders.cpp
void check_totals(const Desk& desk, const Request& request, const Reply& reply);
void repair_totals(const Desk& desk, const Request& request, const Reply& reply);

// lagging.cpp
void report_lagging(const Desk& desk, const Request& request, const Reply& reply);

// inventory.cpp
void import_devices(const Desk& desk, const Request& request, const Reply& reply);
void erase_device(const Desk& desk, const Request& request, const Reply& reply);

// profile_handler.cpp
void list_profiles(const Desk& desk, const Request& request, const Reply& reply);
void write_profile(const Desk& desk, const Request& request, const Reply& reply);
void write_dns(const Desk& desk, const Request& request, const Reply& reply);

// audit_report.cpp
void report_audit(const Desk& desk, const Request& request, const Reply& reply);
void check_audit(const Desk& desk, const Request& request, const Reply& reply);

// tls_orders.cpp
void report_tls(const Desk& desk, const Request& request, const Reply& reply);
void make_authority(const Desk& desk, const Request& request, const Reply& reply);

// webhook_orders.cpp
void report_webhooks(const Desk& desk, const Request& request, const Reply& reply);
void test_webhooks(const Desk& desk, const Request& request, const Reply& reply);

// cache_orders.cpp
void export_bundle(const Desk& desk, const Request& request, const Reply& reply);    // bundle.cpp
void import_bundle(const Desk& desk, const Request& request, const Reply& reply);    // bundle.cpp
void list_prefetches(const Desk& desk, const Request& request, const Reply& reply);  // prefetch.cpp
void start_prefetch(const Desk& desk, const Request& request, const Reply& reply);   // prefetch.cpp
void list_objects(const Desk& desk, const Request& request, const Reply& reply);
void report_verify(const Desk& desk, const Request& request, const Reply& reply);
void start_verify(const Desk& desk, const Request& request, const Reply& reply);
void pin_object(const Desk& desk, const Request& request, const Reply& reply);
void unpin_object(const Desk& desk, const Request& request, const Reply& reply);
void evict_object(const Desk& desk, const Request& request, const Reply& reply);

}  // namespace larder::admin
