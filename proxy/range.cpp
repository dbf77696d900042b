// SPDX-License-Identifier: MIT
#include "proxy/range.h"
