// The compliance policies that the runner asks for by name, as ordinary options: which versions, suites, groups and
// signature schemes each allows (NIST SP 800-52r2, WPA3-Enterprise 192-bit, RFC 9151). options.ts merges them in last.

import type { CommonOptions, ServerHelloOptions } from '../../../src/options.ts'
import { type Flags, Unimplemented } from './flags.ts'
import { namedGroups } from '../../../src/wire/registry.ts'

interface Policy
  extends
    Pick<CommonOptions, 'cipherSuites' | 'groups' | 'signatureSchemes' | 'versions'>,
    Pick<ServerHelloOptions, 'preferServerOrder'> {
  /** What our own credentials sign with, in order of preference; undefined: as the credential says. */
  readonly signing?: readonly string[]
}

const aes256 = ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384']
const aes128 = ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256']
const sha384 = ['ecdsa_secp384r1_sha384', 'rsa_pss_rsae_sha384', 'rsa_pkcs1_sha384']
const both = { min: 'TLS 1.2', max: 'TLS 1.3' } as const

const policies: Readonly<Record<string, Policy>> = {
  'fips-202205': {
    versions: both,
    cipherSuites: ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', ...aes128, ...aes256],
    groups: ['P-256', 'P-384'],
    signatureSchemes: [
      'rsa_pkcs1_sha256',
      'rsa_pkcs1_sha384',
      'rsa_pkcs1_sha512',
      'ecdsa_secp256r1_sha256',
      'ecdsa_secp384r1_sha384',
      'rsa_pss_rsae_sha256',
      'rsa_pss_rsae_sha384',
      'rsa_pss_rsae_sha512',
    ],
  },
  'wpa-202304': {
    versions: both,
    cipherSuites: ['TLS_AES_256_GCM_SHA384', ...aes256],
    groups: ['P-384'],
    signatureSchemes: [
      'rsa_pkcs1_sha384',
      'rsa_pkcs1_sha512',
      'ecdsa_secp384r1_sha384',
      'rsa_pss_rsae_sha384',
      'rsa_pss_rsae_sha512',
    ],
  },
  'cnsa-202407': {
    cipherSuites: [
      'TLS_AES_256_GCM_SHA384',
      'TLS_AES_128_GCM_SHA256',
      'TLS_CHACHA20_POLY1305_SHA256',
      ...aes256,
      ...aes128,
    ],
    preferServerOrder: 'strict',
  },
  'cnsa1-202603': {
    versions: both,
    cipherSuites: ['TLS_AES_256_GCM_SHA384', ...aes256, 'TLS_RSA_WITH_AES_256_GCM_SHA384'],
    groups: ['MLKEM1024', 'P-384'],
    signatureSchemes: sha384,
    preferServerOrder: true,
  },
  'cnsa2-202603': {
    versions: { min: 'TLS 1.3', max: 'TLS 1.3' },
    cipherSuites: ['TLS_AES_256_GCM_SHA384'],
    groups: ['MLKEM1024'],
    signatureSchemes: sha384,
  },
}

export const policyNames: readonly string[] = Object.keys(policies)

/** The options that a policy flag stands for; none without one. */
export function policyOf(flags: Flags): Policy {
  const name = policyNames.find((policy) => flags.on.has(policy))
  const policy = name === undefined ? {} : (policies[name] ?? {})
  const known = policy.groups?.filter((group) => namedGroups.some((row) => row.name === group))
  if (known?.length === 0) throw new Unimplemented(`groups ${policy.groups?.join()}`)
  return known
    ? { ...policy, groups: known, ...(policy.signatureSchemes && { signing: policy.signatureSchemes }) }
    : policy
}
