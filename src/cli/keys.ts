// Private keys out of files: PKCS#8, SEC 1, PKCS#1, PEM or DER, and encrypted ones with the password that is asked
// for by --password.

import { TlsError } from '../errors.ts'
import { decryptPrivateKey } from '../pki/encrypted-key.ts'
import { decodePem, pemTextOf } from '../wire/pem.ts'
import { CliError, usage } from './errors.ts'
import { readInput, readText } from './files.ts'
import type { Io } from './io.ts'

/** `pass:WORDS`, `env:NAME`, `file:PATH` (its first line), as openssl has them. */
export const passwordOf = async (io: Io, source: string): Promise<string> => {
  const [, kind, value = ''] = /^(pass|env|file):([\s\S]*)$/.exec(source) ?? []
  if (kind === 'pass') return value
  if (kind === 'file') return (await readText(io, value)).split(/\r?\n/)[0] ?? ''
  const found = kind === 'env' ? io.env[value] : undefined
  if (found !== undefined) return found
  throw usage(
    kind === 'env'
      ? `--password: the environment has no variable ${value}`
      : '--password: it takes pass:WORDS, env:NAME or file:PATH',
  )
}

/** What `key` options take: PEM or DER of the first private key of the file. */
export const readKey = async (io: Io, path: string, password: string | undefined): Promise<string | Uint8Array> => {
  const bytes = await readInput(io, path)
  const text = pemTextOf(bytes)
  if (text === undefined) return bytes
  const block = blocksOf(text, path).find(({ label }) => label.endsWith('PRIVATE KEY'))
  if (block === undefined) throw new CliError('input', `${path}: there is no private key in it`)
  const isEncrypted = block.label === 'ENCRYPTED PRIVATE KEY' || text.includes('Proc-Type: 4,ENCRYPTED')
  if (!isEncrypted) return text
  if (password === undefined) {
    throw new CliError('input', `${path}: the private key is encrypted`, {
      code: 'encrypted',
      remedy: 'give its password: --password pass:WORDS, env:NAME or file:PATH',
    })
  }
  try {
    return await decryptPrivateKey(bytes, await passwordOf(io, password))
  } catch (error) {
    throw error instanceof TlsError
      ? new CliError('input', `${path}: ${error.message}`, { code: error.code, cause: error })
      : error
  }
}

const blocksOf = (text: string, path: string): ReturnType<typeof decodePem> => {
  try {
    return decodePem(text)
  } catch (error) {
    throw error instanceof TlsError
      ? new CliError('input', `${path}: ${error.message}`, { code: error.code, cause: error })
      : error
  }
}
