// The verified chain of a session: as it was parsed in the handshake that made it, if that was here.

import type { SessionState } from '../../session/state.ts'
import { sameBytes } from '../../wire/der.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import type { Certificate } from '../../x509/certificate.ts'

type VerifiedChain = SessionState['verifiedChain']

/** By the list that sessions which follow each other have in common. */
const parsedChains = new WeakMap<VerifiedChain, readonly Certificate[]>()

export const rememberChain = (verifiedChain: VerifiedChain, chain: readonly Certificate[]): void => {
  parsedChains.set(verifiedChain, chain)
}

export const chainOf = ({ verifiedChain }: Pick<SessionState, 'verifiedChain'>): readonly Certificate[] => {
  const known = parsedChains.get(verifiedChain)
  if (known) return known
  const chain = verifiedChain.map(parsedLately)
  parsedChains.set(verifiedChain, chain)
  return chain
}

/** Sessions that were read from bytes have no list in common, but certificates: those parsed last are kept. */
const lately: Certificate[] = []
const MAX_LATELY = 32

const parsedLately = (der: Uint8Array): Certificate => {
  for (const certificate of lately) if (sameBytes(certificate.der, der)) return certificate
  const certificate = parseCertificate(der.slice())
  lately.push(certificate)
  if (lately.length > MAX_LATELY) lately.shift()
  return certificate
}
