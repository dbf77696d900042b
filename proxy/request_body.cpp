// SPDX-License-Identifier: MIT
#include "proxy/request_body.h"
