// npm run roots: writes src/roots/mozilla.ts from Mozilla's list of root certificates as the devDependency `node` has
// it. Run it after that package was updated; test/roots/ fails until then.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { decodePem, encodeBase64 } from '../src/wire/pem.ts'
import { parseCertificate } from '../src/x509/certificate.ts'

const root = new URL('../', import.meta.url)
const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('node_modules/node/package.json', root), 'utf8'),
)
const binary = new URL('node_modules/node/bin/node', root).pathname
const list: string[] = JSON.parse(
  execFileSync(binary, ['-p', 'JSON.stringify(tls.rootCertificates)'], { encoding: 'utf8', maxBuffer: 1 << 24 }),
)
const times: Record<string, string> = JSON.parse(
  execFileSync('npm', ['view', 'node', 'time', '--json'], { encoding: 'utf8', maxBuffer: 1 << 24 }),
)
const date = times[version]?.slice(0, 10)
if (date === undefined) throw new Error(`the registry does not say when node ${version} was published`)

const certificates = list
  .flatMap((pem) => decodePem(pem))
  .map(({ bytes }) => ({
    bytes,
    name: parseCertificate(bytes)
      .subject.toString()
      .replace(/[^\x20-\x7e]/g, '?'),
  }))
  .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))

const rows = certificates.map(({ bytes, name }) => `  // ${name}\n  '${encodeBase64(bytes)}',`)
writeFileSync(
  new URL('src/roots/mozilla.ts', root),
  `/*! Mozilla's list of root certificates, ${date} (node ${version}): MPL-2.0,
 * https://mozilla.org/MPL/2.0/. See THIRD_PARTY.md. */
// Made by scripts/update-roots.ts: ${certificates.length} certificates of Mozilla's root program for TLS servers, as
// Node ${version} has them.

export const date = '${date}'
export const source = 'node ${version}'
export const certificates: readonly string[] = [
${rows.join('\n')}
]
`,
)
console.log(`${certificates.length} certificates, node ${version}, ${date}`)
