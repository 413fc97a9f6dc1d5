/* SPDX-License-Identifier: GPL-2.0 */
/* The version of module, tools and packages; CHANGELOG begins with it. */
#ifndef XTCP_VERSION_H
#define XTCP_VERSION_H

#define XTCP_VERSION "0.1.0"

#endif /* XTCP_VERSION_H */
