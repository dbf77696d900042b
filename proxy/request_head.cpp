// SPDX-License-Identifier: MIT
#include "proxy/request_head.h"
