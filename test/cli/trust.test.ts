// `puretls cert trust` and `untrust`: a system store under a scratch root, a throw-away NSS database, and copies of the
// machine's own stores.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { run, stopChildren } from '../interop/process.ts'
import { jsonOf, runCli } from './harness.ts'
import { createWorld, tlsServer } from './world.ts'

const isHere = (command: string, ...args: readonly string[]): boolean => {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch (error) {
    return command !== 'unshare' && !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
  }
}
const hasCertutil = isHere('certutil', '-H')

// A mount namespace, in which the machine's stores are copies.
const apart = process.getuid?.() === 0 ? ['-m'] : ['-rm']
const hasStores =
  isHere('unshare', ...apart, 'true') && isHere('update-ca-certificates', '--help') && isHere('keytool', '-help')
afterAll(stopChildren)

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

  it.runIf(hasStores)("Debian's and Java's stores, by their own programs", async () => {
    const world = await createWorld()
    const port = await tlsServer(world, {}, async (connection) => {
      await connection.write(new TextEncoder().encode('HTTP/1.0 200 OK\r\n\r\ntrusted'))
      await connection.close()
    })
    const root = new URL('../../', import.meta.url).pathname
    const script = `
      set -e
      for store in /etc/ssl/certs /usr/local/share/ca-certificates; do
        copy=$(mktemp -d copy.XXXX) && cp -rd $store/. $copy && mount --bind $copy $store
      done
      unset CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR
      puretls() { ${root}node_modules/.bin/node ${root}src/cli/main.ts "$@"; }
      java() { keytool -list -cacerts -storepass changeit | grep -c puretls- || true; }
      fetch() { curl -sS --max-time 20 https://localhost:${port}/ 2>&1 || true; echo; }
      before=$(ls /etc/ssl/certs | sort | sha256sum)
      fetch
      puretls cert trust ca.pem --store system --store java --yes
      fetch; echo "java: $(java)"
      puretls cert untrust ca.pem --yes
      fetch; echo "java: $(java)"
      [ "$(ls /etc/ssl/certs | sort | sha256sum)" = "$before" ] && echo 'as it was'`
    writeFileSync(join(world.folder, 'script'), script)
    const { code, output } = await run('unshare', [...apart, '--propagation', 'private', 'bash', 'script'], {
      cwd: world.folder,
      env: { HOME: world.folder, XDG_CONFIG_HOME: join(world.folder, 'config') },
    })
    expect(output).toMatch(
      new RegExp(
        [
          'unable to get local issuer certificate',
          'run +update-ca-certificates',
          'run +keytool -importcert',
          'done',
          'trusted',
          'java: 2', // Debian's own hook puts it there as well
          'will no longer be trusted',
          'unable to get local issuer certificate',
          'java: 0',
          'as it was',
        ].join('[^]*'),
      ),
    )
    expect(code).toBe(0)
  })

  it.each([
    ['darwin', /run +security add-trusted-cert -d -r trustRoot -k \/Library\/Keychains\/System.keychain .*ca\.pem/],
    ['win32', /run +certutil -addstore -f Root .*ca\.pem/],
  ] as const)('%s: what would be run (no such machine is here)', async (platform, command) => {
    const { folder } = await createWorld()
    expect((await runCli('cert trust ca.pem --store system', { cwd: folder, platform })).stdout).toMatch(command)
  })

  it('refuses what is no CA, and a store that is not known', async () => {
    const { folder } = await createWorld()
    expect(await runCli('cert trust server.pem', { cwd: folder })).toMatchObject({ code: 2 })
    expect(await runCli('cert trust ca.pem --store x', { cwd: folder })).toMatchObject({ code: 2 })
    expect(await runCli('cert trust ca.pem --store system --root .', { cwd: folder })).toMatchObject({ code: 3 })
    expect(existsSync(join(folder, '.config/puretls/trusted.json'))).toBe(false)
  })
})

it('has certutil, update-ca-certificates and keytool in CI', () => {
  if (process.env['CI'] === 'true') expect([hasCertutil, hasStores]).toEqual([true, true])
})
