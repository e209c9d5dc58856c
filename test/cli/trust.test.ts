// `puretls cert trust` and `untrust`: a system store under a scratch root, and a throw-away NSS database.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { jsonOf, runCli } from './harness.ts'
import { createWorld } from './world.ts'

const hasCertutil = ((): boolean => {
  try {
    execFileSync('certutil', ['-H'], { stdio: 'ignore' })
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
  }
})()

describe('puretls cert trust', () => {
  it.each([
    'usr/local/share/ca-certificates',
    'etc/pki/ca-trust/source/anchors',
    'etc/ca-certificates/trust-source/anchors',
  ])('%s: says it, does it, undoes it', async (store) => {
    const { folder, ca } = await createWorld()
    const anchors = join(folder, 'root', store)
    mkdirSync(anchors, { recursive: true })
    const run = (line: string) => runCli(line, { cwd: folder })
    const said = await run('cert trust ca.pem --store system --root root')
    expect(said.stdout).toMatch(
      /will be trusted by\n {2}system\n {4}write .*puretls-[0-9a-f]{16}\.crt\nnothing was done yet/,
    )
    expect(readdirSync(anchors)).toEqual([])
    expect(jsonOf('cert trust', await run('cert trust ca.pem --store system --root root --yes --json'))).toMatchObject([
      { done: true },
    ])
    const [file = ''] = readdirSync(anchors)
    expect(readFileSync(join(anchors, file), 'utf8')).toBe(ca.certificatePem)
    expect(await run('cert untrust ca.pem')).toMatchObject({ code: 0 })
    expect(readdirSync(anchors)).toEqual([file])
    expect(await run('cert untrust ca.pem --yes')).toMatchObject({ code: 0 })
    expect(readdirSync(anchors)).toEqual([])
    expect(await run('cert untrust ca.pem --yes')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('has not put it into any store'),
    })
  })

  it.runIf(hasCertutil)('an NSS database', async () => {
    const { folder } = await createWorld()
    mkdirSync(join(folder, 'db'))
    execFileSync('certutil', ['-N', '-d', 'sql:db', '--empty-password'], { cwd: folder })
    const listed = (): string => execFileSync('certutil', ['-L', '-d', 'sql:db'], { cwd: folder, encoding: 'utf8' })
    expect(await runCli('cert trust ca.pem --nss db --yes', { cwd: folder })).toMatchObject({ code: 0 })
    expect(listed()).toMatch(/puretls-[0-9a-f]{16} +C,,/)
    expect(await runCli('cert untrust ca.pem --yes', { cwd: folder })).toMatchObject({ code: 0 })
    expect(listed()).not.toContain('puretls-')
  })

  it('refuses what is no CA, and a store that is not known', async () => {
    const { folder } = await createWorld()
    expect(await runCli('cert trust server.pem', { cwd: folder })).toMatchObject({ code: 2 })
    expect(await runCli('cert trust ca.pem --store x', { cwd: folder })).toMatchObject({ code: 2 })
    expect(await runCli('cert trust ca.pem --store system --root .', { cwd: folder })).toMatchObject({ code: 3 })
    expect(existsSync(join(folder, '.config/puretls/trusted.json'))).toBe(false)
  })
})

it('has certutil in CI', () => {
  if (process.env['CI'] === 'true') expect(hasCertutil).toBe(true)
})
