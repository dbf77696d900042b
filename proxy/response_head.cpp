// SPDX-License-Identifier: MIT
#include "proxy/response_head.h"
