# SPDX-License-Identifier: GPL-2.0
"""xtcp_trial(1): what a service gains on XTCP, measured beside the kernel's TCP."""
