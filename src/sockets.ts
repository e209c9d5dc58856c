// TCP, as far as connect('host:port') and listen() need it. sockets.node.ts implements it; other runtimes have none.

import { TlsError } from './errors.ts'
import type { AnyDuplex } from './stream/types.ts'

/** An end of a TCP connection. */
export interface SocketAddress {
  /** A DNS name or an IP address, IPv6 without brackets. */
  readonly host: string
  /** 0 to 65535. */
  readonly port: number
}

/** What a listener calls. */
export interface ListenEvents {
  onSocket(stream: AnyDuplex, peer: SocketAddress): void
  /** The listener itself failed (out of file descriptors, say), and goes on. */
  onError(error: TlsError): void
}

export interface SocketListener {
  readonly address: SocketAddress
  /** No more connections; those that there are go on. */
  close(): void
}

/** Dialling that may be given up: an AbortController for one listener, at a tenth of what that costs. */
export class DialAttempt {
  #reason: TlsError | undefined
  #stop: (() => void) | undefined

  /** Why it was given up. */
  get reason(): TlsError | undefined {
    return this.#reason
  }

  /** Calls `stop` when it is given up; undefined: it has come to its end. */
  set onCancel(stop: (() => void) | undefined) {
    this.#stop = stop
  }

  cancel(reason: TlsError): void {
    this.#reason ??= reason
    this.#stop?.()
  }
}

export interface Sockets {
  /** Rejects with `transport_failed`, or with the reason why `attempt` was given up. */
  dial(address: SocketAddress, attempt: DialAttempt): Promise<AnyDuplex>
  /** Rejects with `transport_failed`. */
  listen(address: SocketAddress, events: ListenEvents): Promise<SocketListener>
}

const addressPattern = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^:/@\s[\]]+)):([0-9]{1,5})$/

/** Host and port of `example.org:443`, `192.0.2.1:443` or `[2001:db8::1]:443`. Throws `bad_option`. */
export const parseAddress = (address: string): SocketAddress => {
  const [, ipv6, name, digits] = addressPattern.exec(address) ?? []
  const host = ipv6 ?? name
  const port = Number(digits)
  if (host === undefined || port < 1 || port > 0xffff) {
    throw new TlsError(
      'bad_option',
      `address: ${JSON.stringify(address.slice(0, 80))} is not host:port ` +
        '(as in example.org:443 or [2001:db8::1]:443)',
    )
  }
  return { host, port }
}

/** Throws `unsupported` where the runtime has no sockets. */
export const socketsOr = (sockets: Sockets | undefined, what: string): Sockets => {
  if (sockets) return sockets
  throw new TlsError('unsupported', `${what}: there are no sockets here; open one and give its stream`)
}
