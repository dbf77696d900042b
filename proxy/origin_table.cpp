// SPDX-License-Identifier: MIT
#include "proxy/origin_table.h"
