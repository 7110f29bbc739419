// The WebSocket to this home's monitor, on this machine: its frames carry the mask that changes nothing.
// - Masks keep what a page in a browser sends from being read as something else by a proxy on the way (RFC 6455, 10.3).
//   Here is no page and no proxy. To mask and to unmask took a tenth of what sending and receiving an event took.
// - To any other server frames are masked as usual.

import { NodeWebSocket } from "socket.io-client";

/** For socket.io-client's option `transports`. */
export class UnmaskedWebSocket extends NodeWebSocket {
  override createSocket(...[uri, protocols, options]: Parameters<NodeWebSocket["createSocket"]>) {
    return super.createSocket(uri, protocols, { ...options, generateMask: zero });
  }
}

/** For the option `generateMask` of ws, which leaves out the work where the mask is zero. */
function zero(mask: Uint8Array): void {
  mask.fill(0);
}
