// Authorities that are trusted where `ca` is not given: those of the runtime, or what setDefaultCACertificates() was
// given. With them the functions of node:tls that show them.

import { native } from './native.ts'

import { systemRootTexts } from '../x509/trust.node.ts'
import { trustStore } from '../x509/trust.ts'
import type { TrustStore } from '../x509/trust.ts'
import {
  bytesOfView,
  checkArray,
  checkString,
  codedError,
  invalidArgType,
  invalidArgValue,
  isView,
} from './node-errors.ts'
import { pemContentError } from './identities.ts'
import { certificateBlocks } from '../x509/load.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { encodePem } from '../wire/pem.ts'

const { getCACertificates: nodeCertificates } = native
const bundled = (): readonly string[] => nodeCertificates?.('bundled') ?? bundledOnce
const bundledOnce: readonly string[] = typeof nodeCertificates === 'function' ? [] : native.tls.rootCertificates

type CaType = 'default' | 'bundled' | 'system' | 'extra'

let chosen: readonly string[] | undefined
let store: TrustStore | undefined
/** `chosen`, as getCACertificates() shows it. */
let shown: readonly string[] | undefined

/** The default trust anchors. */
export const defaultRoots = (): TrustStore =>
  (store ??= trustStore(chosen ?? systemRootTexts(), { skipUnreadable: true }))

/** Mozilla's list as the runtime carries it. */
export const rootCertificates = (): readonly string[] => bundled()

const fromRuntime = (type: CaType): readonly string[] => {
  if (typeof nodeCertificates === 'function') return nodeCertificates(type)
  if (type === 'bundled') return bundled()
  return type === 'default' ? systemRootTexts() : []
}

/** tls.getCACertificates(). */
export const getCACertificates = (type: unknown = 'default'): string[] => {
  checkString(type, 'type')
  if (type !== 'default' && type !== 'bundled' && type !== 'system' && type !== 'extra')
    throw invalidArgValue('type', type)
  return (type === 'default' && shown ? shown : fromRuntime(type)) as string[]
}

/** tls.setDefaultCACertificates(): for contexts that are made from now on without `ca`. */
export const setDefaultCACertificates = (certificates: unknown): void => {
  checkArray(certificates, 'certs')
  certificates.forEach((one, index) => {
    if (typeof one !== 'string' && !isView(one))
      throw invalidArgType(`certs[${index}]`, ['string', 'ArrayBufferView'], one)
  })
  const texts = certificates.flatMap((one) =>
    typeof one === 'string' ? pemTexts(one) : isView(one) ? pemTexts(bytesOfView(one)) : [],
  )
  if (certificates.length > 0 && texts.length === 0) {
    throw codedError(Error, 'ERR_CRYPTO_OPERATION_FAILED', 'No valid certificates found in the provided array')
  }
  chosen = [...new Set(texts)]
  shown = Object.freeze([...chosen])
  store = undefined
}

const pemTexts = (input: string | Uint8Array): readonly string[] => {
  const text = typeof input === 'string' ? input : Buffer.from(input).toString('latin1')
  if (!text.includes('-----BEGIN')) return []
  try {
    return certificateBlocks(text, 'certs').map(({ bytes }) => {
      parseCertificate(bytes)
      return encodePem('CERTIFICATE', bytes)
    })
  } catch (cause) {
    throw pemContentError(cause)
  }
}
