/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The static key of the receive path: on while any bind bucket exists and for a minute
 * after. port.c switches it in process context, because that patches code.
 */
#ifndef XTCP_NET_RX_H
#define XTCP_NET_RX_H

void xtcp_rx_need(void);
void xtcp_rx_unneed(void);
void xtcp_rx_flush(void);

#endif /* XTCP_NET_RX_H */
