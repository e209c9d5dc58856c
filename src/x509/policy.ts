// Certificate policies of a path as the graph of RFC 9618 (which replaces the tree of RFC 5280 section 6.1 and grows
// linearly, not exponentially).

import type { Certificate } from './certificate.ts'
import { remembered } from './maps.ts'
import { anyPolicy } from './oids.ts'

/** Inputs (c) to (g) of RFC 5280 section 6.1.1. */
export interface PolicyInputs {
  /** Object identifiers that are acceptable; undefined means any. */
  readonly acceptable: ReadonlySet<string> | undefined
  readonly requireExplicit: boolean
  readonly inhibitMapping: boolean
  readonly inhibitAny: boolean
}

/** `policies` is the user-constrained policy set: empty if there is none, with anyPolicy in it if any would do. */
export type PolicyResult =
  | { readonly ok: true; readonly policies: ReadonlySet<string> }
  | { readonly ok: false; readonly certificate: Certificate; readonly sentence: string }

interface Node {
  readonly policy: string
  /** anyPolicy stands among the parents: the policy is the authority's own, not one that was mapped to (RFC 9618
   * section 5.4). */
  readonly isAuthorityRoot: boolean
  readonly parents: readonly Node[]
  expected: ReadonlySet<string>
}

/** One depth of the graph by valid_policy. */
type Level = ReadonlyMap<string, Node>

/** `path` begins below the trust anchor and ends with the certificate that is verified. */
export const evaluatePolicies = (path: readonly Certificate[], inputs: PolicyInputs): PolicyResult => {
  const n = path.length
  const counters = {
    explicit: inputs.requireExplicit ? 0 : n + 1,
    mapping: inputs.inhibitMapping ? 0 : n + 1,
    any: inputs.inhibitAny ? 0 : n + 1,
  }
  const root: Node = { policy: anyPolicy, isAuthorityRoot: false, parents: [], expected: new Set([anyPolicy]) }
  let level: Level = new Map([[anyPolicy, root]])
  for (const [index, certificate] of path.entries()) {
    const isLast = index === n - 1
    const skipsCount = !isLast && certificate.isSelfIssued
    level = nextLevel(level, certificate, counters.any > 0 || skipsCount)
    if (counters.explicit === 0 && level.size === 0) return failed(certificate)
    if (isLast) break
    const mapped = mapPolicies(level, certificate, counters.mapping > 0)
    if (mapped === undefined) {
      return { ok: false, certificate, sentence: 'its policy mappings map from or to anyPolicy' }
    }
    level = mapped
    if (!skipsCount) countDown(counters)
    constrain(counters, certificate)
  }
  return wrapUp(path, level, counters.explicit, inputs.acceptable)
}

interface Counters {
  explicit: number
  mapping: number
  any: number
}

const failed = (certificate: Certificate): PolicyResult => ({
  ok: false,
  certificate,
  sentence: 'an explicit certificate policy is required on this path and none is valid for all of it',
})

/** Step (d) and (e) of RFC 9618 section 5.2. An empty level is the NULL graph. */
const nextLevel = (level: Level, certificate: Certificate, anyCounts: boolean): Level => {
  const next = new Map<string, Node>()
  const policies = certificate.certificatePolicies
  if (policies === undefined || level.size === 0) return next
  const expecting = byExpectedPolicy(level)
  const anyNode = level.get(anyPolicy)
  let hasAny = false
  for (const { oid } of policies) {
    if (oid === anyPolicy) hasAny = true
    else addNode(next, oid, expecting.get(oid) ?? (anyNode === undefined ? [] : [anyNode]))
  }
  if (hasAny && anyCounts) for (const [oid, parents] of expecting) if (!next.has(oid)) addNode(next, oid, parents)
  return next
}

const addNode = (level: Map<string, Node>, policy: string, parents: readonly Node[]): void => {
  if (parents.length === 0) return
  const isAuthorityRoot = policy !== anyPolicy && parents.some((parent) => parent.policy === anyPolicy)
  level.set(policy, { policy, isAuthorityRoot, parents, expected: new Set([policy]) })
}

const byExpectedPolicy = (level: Level): ReadonlyMap<string, Node[]> => {
  const index = new Map<string, Node[]>()
  for (const node of level.values()) {
    for (const oid of node.expected) {
      const nodes = index.get(oid)
      if (nodes === undefined) index.set(oid, [node])
      else nodes.push(node)
    }
  }
  return index
}

/** Steps (a) and (b) of RFC 9618 section 5.3; undefined if anyPolicy is mapped. */
const mapPolicies = (level: Level, certificate: Certificate, allowed: boolean): Level | undefined => {
  const mappings = certificate.policyMappings
  if (mappings === undefined) return level
  const targets = new Map<string, Set<string>>()
  for (const { issuerDomainPolicy, subjectDomainPolicy } of mappings) {
    if (issuerDomainPolicy === anyPolicy || subjectDomainPolicy === anyPolicy) return undefined
    remembered(targets, issuerDomainPolicy, () => new Set<string>()).add(subjectDomainPolicy)
  }
  const next = new Map(level)
  const anyNode = level.get(anyPolicy)
  for (const [policy, expected] of targets) {
    const node = level.get(policy)
    if (!allowed) next.delete(policy)
    else if (node !== undefined) node.expected = expected
    else if (anyNode !== undefined)
      next.set(policy, { policy, isAuthorityRoot: true, parents: anyNode.parents, expected })
  }
  return next
}

/** Step (h) of RFC 5280 section 6.1.4. */
const countDown = (counters: Counters): void => {
  counters.explicit = Math.max(0, counters.explicit - 1)
  counters.mapping = Math.max(0, counters.mapping - 1)
  counters.any = Math.max(0, counters.any - 1)
}

/** Steps (i) and (j) of RFC 5280 section 6.1.4. */
const constrain = (counters: Counters, { policyConstraints, inhibitAnyPolicy }: Certificate): void => {
  counters.explicit = Math.min(counters.explicit, policyConstraints?.requireExplicitPolicy ?? counters.explicit)
  counters.mapping = Math.min(counters.mapping, policyConstraints?.inhibitPolicyMapping ?? counters.mapping)
  counters.any = Math.min(counters.any, inhibitAnyPolicy ?? counters.any)
}

/** RFC 5280 section 6.1.5 (a), (b) and RFC 9618 section 5.4. */
const wrapUp = (
  path: readonly Certificate[],
  level: Level,
  explicit: number,
  acceptable: ReadonlySet<string> | undefined,
): PolicyResult => {
  const last = path[path.length - 1]
  const authority = authorityPolicies(level)
  const anything = authority.has(anyPolicy)
  const policies =
    acceptable === undefined || acceptable.has(anyPolicy)
      ? authority
      : new Set([...acceptable].filter((oid) => anything || authority.has(oid)))
  const required = explicit <= 1 || last?.policyConstraints?.requireExplicitPolicy === 0
  return required && policies.size === 0 && last !== undefined ? failed(last) : { ok: true, policies }
}

/** The policies in the first CA's own terms from which the last depth can be reached. */
const authorityPolicies = (last: Level): ReadonlySet<string> => {
  const policies = new Set<string>()
  if (last.has(anyPolicy)) policies.add(anyPolicy)
  const seen = new Set<Node>(last.values())
  for (const node of seen) {
    if (node.isAuthorityRoot) policies.add(node.policy)
    for (const parent of node.parents) seen.add(parent)
  }
  return policies
}
