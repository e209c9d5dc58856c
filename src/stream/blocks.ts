// Memory in which small writes wait for the end of the turn: blocks that all connections share, each lent to one of
// them for a turn. Plaintext is in them, so they are wiped when they come back. No provider and no caller ever sees
// one: the engine has sealed or copied what it was given when send() returns.

/** Bytes of a block: the content of one record. */
export const BLOCK = 16_384
/** Blocks that are kept for later. */
const MAX_FREE = 32

const free: Uint8Array[] = []

export const lendBlock = (): Uint8Array => free.pop() ?? new Uint8Array(BLOCK)

/** `used`: bytes from the beginning that were written to. */
export const returnBlock = (block: Uint8Array, used: number): void => {
  block.fill(0, 0, used)
  if (free.length < MAX_FREE) free.push(block)
}
