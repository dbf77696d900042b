// SPDX-License-Identifier: MIT
#include "proxy/authority.h"
