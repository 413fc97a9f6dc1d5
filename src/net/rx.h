/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The gate on the receive path: open while any bind bucket exists, and for a while
 * after. Kept by port.c, in process context, because opening it patches code.
 */
#ifndef XTCP_NET_RX_H
#define XTCP_NET_RX_H

void xtcp_rx_need(void);
void xtcp_rx_unneed(void);
void xtcp_rx_flush(void);

#endif /* XTCP_NET_RX_H */
