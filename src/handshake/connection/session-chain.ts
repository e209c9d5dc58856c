// The verified chain of a session: as it was parsed in the handshake that made it, if that was here.

import type { SessionState } from '../../session/state.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import type { Certificate } from '../../x509/certificate.ts'

type VerifiedChain = SessionState['verifiedChain']

/** By the list that sessions which follow each other have in common. */
const parsedChains = new WeakMap<VerifiedChain, readonly Certificate[]>()

export const rememberChain = (verifiedChain: VerifiedChain, chain: readonly Certificate[]): void => {
  parsedChains.set(verifiedChain, chain)
}

export const chainOf = ({ verifiedChain }: Pick<SessionState, 'verifiedChain'>): readonly Certificate[] => {
  const chain = parsedChains.get(verifiedChain) ?? verifiedChain.map(parseCertificate)
  parsedChains.set(verifiedChain, chain)
  return chain
}
