// SPDX-License-Identifier: MIT
#include "proxy/entrance.h"
