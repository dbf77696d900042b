// SPDX-License-Identifier: MIT
// The totals, added up anew from the single fetches and held against what is on record. Where retention has dropped
// fetches, the rows of those hours are taken as they are, and with them what is added up of hours; what a device has of
// a release that it was first seen with then is left alone.
// Memory: the rows of one hour, the fetches of one device, the rows of all days.
// Threads: reckon any; the others `ledger`, after everything is written; what is remembered of rows is void
// afterwards.
#pragma once

#include "reports/environment.h"
#include "reports/ledger.h"

namespace larder::reports {

Reckoning reckon(const Txn& txn);
Reckoning repair_totals(WriteTxn& txn);

// Brings a ledger of an older format up to kLedgerFormat: one of kWithoutPlaces gets places for what is on record,
// those of hours without single fetches under no network and no origin; of one of kPlacesByRelease they become places
// by product. Both get the newest releases of their devices. Nothing is done to one of the present format.
Status bring_up_to_date(const Environment& environment);

}  // namespace larder::reports
