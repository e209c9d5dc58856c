// Key log lines to a file, by `--tls-keylog`'s rules: named on Node's command line, in NODE_OPTIONS, or by
// SSLKEYLOGFILE; a warning once, and a file that only its owner can read.

import { appendFile } from 'node:fs'
import process from 'node:process'

let warned = false
let failed = false

const FLAG = '--tls-keylog'

/** The file, if one is named. */
export const keyLogFile = (): string | undefined => {
  byFlag ??= { file: fileByFlag() }
  return byFlag.file || process.env['SSLKEYLOGFILE'] || undefined
}

/** Looked for once: Node reads its flags when it begins. */
let byFlag: { readonly file: string | undefined } | undefined

const fileByFlag = (): string | undefined => {
  const { NODE_OPTIONS = '' } = process.env
  const words = [...process.execArgv, ...(NODE_OPTIONS.includes(FLAG) ? NODE_OPTIONS.split(/\s+/) : [])]
  const at = words.findIndex((word) => word === FLAG || word.startsWith(`${FLAG}=`))
  if (at < 0) return undefined
  return words[at]?.includes('=') ? words[at]?.slice(FLAG.length + 1) : words[at + 1]
}

export const appendKeyLog = (file: string, line: Buffer): void => {
  if (!warned) {
    warned = true
    process.emitWarning(
      `Using --tls-keylog makes TLS connections insecure by writing secret key material to file ${file}`,
    )
  }
  appendFile(file, line, { mode: 0o600 }, (error) => {
    if (!error || failed) return
    failed = true
    process.emitWarning(`Failed to write TLS keylog (this warning will not be repeated): ${String(error)}`)
  })
}
