// What the scan says of a stapled OCSP response, and what it makes of the chain by it.

import { expect, it } from 'vitest'
import { jsonOf, runCli } from '../cli/harness.ts'
import { createWorld, tlsServer } from '../cli/world.ts'

it.each(['good', 'revoked', 'none'] as const)('a certificate that must be stapled: %s', async (status) => {
  const world = await createWorld()
  const leaf = await world.ca.issue({ names: ['localhost'], mustStaple: true })
  const ocspResponse =
    status === 'none'
      ? undefined
      : await world.ca.createOcspResponse({
          answers: [
            { certificate: leaf.certificatePem, status, ...(status === 'revoked' && { revokedAt: Date.now() - 1000 }) },
          ],
        })
  const { chainPem: cert, privateKeyPem: key } = leaf
  const port = await tlsServer(world, { identity: { cert, key, ...(ocspResponse && { ocspResponse }) } })
  const line = `scan localhost:${port} --ca ca.pem --delay 0ms --parallel 4`
  const [report] = jsonOf('scan', await runCli(`${line} --json`, { cwd: world.folder }))
  expect(report).toMatchObject({
    ocspStapling: status !== 'none',
    ocsp: status === 'none' ? null : { status },
    chain: { trusted: status === 'good', coversName: true },
  })
  if (status === 'revoked') expect(report.grade.grade).toBe('T')
  const { stdout } = await runCli(line, { cwd: world.folder })
  expect(stdout).toMatch(status === 'none' ? /OCSP +nothing stapled/ : new RegExp(`OCSP +stapled: ${status}, until`))
})
