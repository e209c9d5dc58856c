// The HTTPS record of the server's name (RFC 9460), and whether the server takes the ECH config in it (RFC 9848).

import { isIP } from 'node:net'
import { httpsOwner, lookUpHttps } from '../dns-https.ts'
import { usage } from '../errors.ts'
import type { Prober } from './prober.ts'
import { visit } from './sessions.ts'

export interface HttpsRecordFinding {
  readonly alpn: readonly string[]
  readonly port: number | null
  readonly ech: boolean
  readonly echAccepted: boolean | null
}

/** Null if the name has no such record. Throws CliError `connection` for what is wrong with the name server. */
export const findHttpsRecord = async (
  prober: Prober,
  resolver: string | undefined,
): Promise<HttpsRecordFinding | null> => {
  const { target, timeoutMs } = prober.settings
  if (isIP(target.host)) throw usage('scan: --https-record looks up a name, and there is no HTTPS record of an address')
  await prober.say('the HTTPS record')
  const records = await lookUpHttps(prober.io, httpsOwner(target.host, target.port), resolver, timeoutMs)
  const [first] = records
  if (first === undefined) return null
  const configList = records.find(({ ech }) => ech !== undefined)?.ech
  const seen = configList && (await visit(prober, { versions: { min: 'TLS 1.3' }, hello: { ech: { configList } } }))
  return {
    alpn: first.alpn,
    port: first.port ?? null,
    ech: configList !== undefined,
    echAccepted: configList === undefined ? null : seen?.info.echAccepted === true,
  }
}
