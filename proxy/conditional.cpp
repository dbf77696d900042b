// SPDX-License-Identifier: MIT
#include "proxy/conditional.h"
