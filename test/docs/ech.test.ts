// docs/ech.md: its example runs, and is shown as it is.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ask, newKeys, serve } from '../../docs/examples/ech.ts'
import { pair } from '../../src/index.node.ts'
import { createCa } from '../../src/pki/index.ts'

test('examples/ech.ts, with an old key', async () => {
  const ca = await createCa({ name: 'Example CA' })
  const { chainPem, privateKeyPem } = await ca.issue({ names: ['public.test', 'secret.test'] })
  const [old, current] = [await newKeys('public.test'), await newKeys('public.test')]
  const server = serve(chainPem, privateKeyPem, current)
  let opened = 0
  const open = () => {
    opened++
    const [ours, theirs] = pair()
    server.accept(theirs).catch(() => {})
    return ours
  }
  const connection = await ask(open, 'secret.test', ca.certificatePem, old.configList)
  expect(connection.info).toMatchObject({ echAccepted: true, serverName: 'secret.test' })
  expect(opened).toBe(2)
  await connection.close()
})

test('docs/ech.md shows it', () => {
  const read = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8')
  expect(read('ech.md')).toContain(read('examples/ech.ts'))
})
