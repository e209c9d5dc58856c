// The keys of a connection in use, for those who go on with it elsewhere (kernel TLS, a NIC) or read what was captured.
// Given out only where an option says so.

/** One direction of a connection. The arrays are copies. */
export interface DirectionSecrets {
  /** The traffic secret of TLS 1.3 (RFC 9846 section 7.1 and 7.2); undefined in TLS 1.2. */
  readonly secret: Uint8Array | undefined
  /** The key of the cipher. */
  readonly key: Uint8Array
  /**
   * 12 bytes in TLS 1.3 and with ChaCha20-Poly1305; 4 bytes, which the 8 of each record follow, with GCM and CCM in TLS
   * 1.2 (RFC 5288 section 3); none with CBC. */
  readonly iv: Uint8Array
  /** The key of the MAC, with CBC in TLS 1.2; empty elsewhere. */
  readonly macKey: Uint8Array
  /** Of the next record under this key. */
  readonly sequenceNumber: number
}

/** What protects a connection now. */
export interface TrafficSecrets {
  readonly version: 'TLS 1.3' | 'TLS 1.2'
  /** IANA name. */
  readonly cipherSuite: string
  /** CBC of TLS 1.2: the MAC is over the ciphertext (RFC 7366). */
  readonly encryptThenMac: boolean
  /** What the peer seals. */
  readonly read: DirectionSecrets
  /** What we seal. */
  readonly write: DirectionSecrets
}

type Keys = Omit<DirectionSecrets, 'sequenceNumber'>
/** The same before the records are counted. */
export interface TrafficKeys extends Omit<TrafficSecrets, 'read' | 'write'> {
  readonly read: Keys
  readonly write: Keys
}
