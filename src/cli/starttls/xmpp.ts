// XMPP (RFC 6120 section 5): a stream is opened, the server lists its features, and TLS begins after <proceed/>.

import type { ClearStream } from '../byte-stream.ts'
import { notOffered, notSpoken } from './protocol.ts'
import type { StartTls } from './protocol.ts'

const tlsNamespace = 'urn:ietf:params:xml:ns:xmpp-tls'

/** Up to and with the end of the element; XMPP has no comments and no CDATA that could hold one (section 11.1). */
const through = async (clear: ClearStream, pattern: RegExp): Promise<string> => {
  const bytes = await clear.until((all) => {
    const match = pattern.exec(all.toString('latin1'))
    if (match !== null) return match.index + match[0].length
    const text = all.toString('latin1').trimStart()
    return text !== '' && !text.startsWith('<') ? all.length : undefined
  })
  return bytes.toString('latin1')
}

const start =
  (namespace: string): StartTls =>
  async (clear, serverName) => {
    const to = serverName.replace(/[<>&'"]/g, '')
    await clear.write(
      `<?xml version='1.0'?><stream:stream to='${to}' version='1.0' xmlns='${namespace}' ` +
        `xmlns:stream='http://etherx.jabber.org/streams'>`,
    )
    const features = await through(clear, /<\/(?:\w+:)?features\s*>|<(?:\w+:)?features\s*\/>|<\/(?:\w+:)?stream\s*>/)
    if (!features.includes('stream')) throw notSpoken('XMPP', features)
    if (!features.includes(tlsNamespace)) throw notOffered('XMPP')
    await clear.write(`<starttls xmlns='${tlsNamespace}'/>`)
    const answer = await through(
      clear,
      /<(?:proceed|failure)\b[^>]*\/>|<(proceed|failure)\b[^>]*>[^<]*<\/\1\s*>|<\/(?:\w+:)?stream\s*>/,
    )
    if (!answer.includes('<proceed')) throw notOffered('XMPP', answer)
  }

export const xmpp: StartTls = start('jabber:client')
export const xmppServer: StartTls = start('jabber:server')
