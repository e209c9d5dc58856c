// The report of `puretls connect` for people.

import { certificateLines } from '../certificates.ts'
import type { Style } from '../output.ts'
import { stapledText } from '../stapled.ts'
import type { ConnectReport } from './report.ts'

const row = (name: string, value: string): string => `  ${name.padEnd(14)}${value}`

export const reportLines = (report: ConnectReport, style: Style): readonly string[] => [
  ...headLines(report, style),
  ...handshakeLines(report, style),
  ...chainLines(report, style),
  ...verificationLines(report, style),
  ...extraLines(report, style),
  ...timeLines(report, style),
]

const headLines = ({ host, port, address, serverName, starttls }: ConnectReport, style: Style): readonly string[] => {
  const where = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  const at = address === null || address === host ? '' : ` (${address})`
  return [
    style.bold(where) +
      at +
      (starttls === null ? '' : `, ${starttls} with STARTTLS`) +
      (serverName === host ? '' : `, as ${serverName}`),
    '',
  ]
}

const handshakeLines = ({ handshake }: ConnectReport, style: Style): readonly string[] => {
  if (handshake === null) return [style.red('The handshake was broken off: the certificate was refused.'), '']
  const extras = [
    ...(handshake.resumed ? ['resumed'] : []),
    ...(handshake.psk ? ['by pre-shared key'] : []),
    ...(handshake.helloRetryRequest ? ['after a HelloRetryRequest'] : []),
  ]
  const legacy =
    handshake.version === 'TLS 1.2'
      ? [
          row(
            'secrets',
            `extended master secret ${yes(handshake.extendedMasterSecret)}, secure renegotiation ` +
              `${yes(handshake.secureRenegotiation)}`,
          ),
        ]
      : []
  return [
    style.bold('Negotiated'),
    row('version', `${handshake.version}${extras.length === 0 ? '' : ` (${extras.join(', ')})`}`),
    row('cipher suite', handshake.cipherSuite),
    row('key exchange', handshake.group ?? 'none'),
    row('signature', handshake.signatureScheme ?? 'none'),
    row('ALPN', handshake.alpn ?? 'none'),
    row('ECH', handshake.echAccepted ? 'accepted' : 'not used'),
    ...(handshake.earlyData === 'none' && handshake.earlyDataRefusal === null
      ? []
      : [
          row(
            'early data',
            `${handshake.earlyData}${handshake.earlyDataRefusal === null ? '' : ` (${handshake.earlyDataRefusal})`}`,
          ),
        ]),
    ...(handshake.ownSignatureScheme === null
      ? []
      : [row('client', `certificate shown, ${handshake.ownSignatureScheme}`)]),
    ...(handshake.certificateCompression === null
      ? []
      : [row('compression', `certificates by ${handshake.certificateCompression}`)]),
    ...legacy,
    '',
  ]
}

const yes = (value: boolean): string => (value ? 'yes' : 'no')

const chainLines = ({ certificates }: ConnectReport, style: Style): readonly string[] =>
  certificates.length === 0
    ? []
    : [
        style.bold(`Certificates from the server (${certificates.length})`),
        ...certificates.flatMap((certificate, at) =>
          certificateLines(certificate, style).map((line, index) => (index === 0 ? `  ${at} ${line}` : `    ${line}`)),
        ),
        '',
      ]

const verificationLines = ({ verification, serverName }: ConnectReport, style: Style): readonly string[] => {
  if (!verification.ok) {
    return [
      style.bold('Verification'),
      `  ${style.red('refused:')} ${verification.message ?? ''} (${verification.reason ?? ''})`,
      ...(verification.remedy === null ? [] : [`  ${style.yellow('to mend it:')} ${verification.remedy}`]),
      '',
    ]
  }
  if (verification.skipped)
    return [
      style.bold('Verification'),
      '  as in the session or by the key that both ends have: no certificate was sent',
      '',
    ]
  return [
    style.bold('Verification'),
    `  ${style.green('verified')} for ${serverName}: ${verification.chain.map(shortName).join(' <- ')}`,
    '',
  ]
}

/** The common name of a distinguished name, or all of it. */
const shortName = (subject: string): string =>
  subject === '' ? '(no subject)' : (/(?:^|,\s*)CN=([^,]+)/.exec(subject)?.[1] ?? subject)

const extraLines = ({ ocsp, scts, sessions }: ConnectReport, style: Style): readonly string[] => [
  style.bold('Also'),
  row('OCSP', stapledText(ocsp)),
  row(
    'SCTs',
    scts.length === 0 ? 'none' : `${scts.length} (${[...new Set(scts.map(({ source }) => source))].join(', ')})`,
  ),
  row('sessions', sessions.tickets === 0 ? 'none offered' : `${sessions.tickets} offered for resumption`),
  '',
]

const timeLines = ({ times, roundTrips }: ConnectReport, style: Style): readonly string[] => {
  const names = {
    lookup: 'name lookup',
    tcp: 'TCP',
    proxy: 'proxy',
    starttls: 'STARTTLS',
    serverHello: 'first answer',
    finished: 'rest of it',
    total: 'all',
  } as const
  const steps = Object.entries(names).flatMap(([key, name]) => {
    const time = times[key as keyof typeof names]
    return time === undefined ? [] : [`${name} ${time.toFixed(1)} ms`]
  })
  return [
    style.bold('Times'),
    `  ${steps.join(', ')}`,
    `  round trips: ${roundTrips.before} before TLS, ${roundTrips.handshake} for the handshake`,
  ]
}
