/* SPDX-License-Identifier: MIT */
/*
 * libberth: the Berkeley socket system in user space. Everything.
 */
#ifndef BERTH_BERTH_H
#define BERTH_BERTH_H

#include <berth/netif.h>
#include <berth/resolve.h>
#include <berth/socket.h>
#include <berth/stack.h>
#include <berth/types.h>
#include <berth/world.h>

#define BERTH_VERSION "0.1.0"

#endif
