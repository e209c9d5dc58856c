// puretls/roots: Mozilla's root certificates, for runtimes that show none of their own (browsers, workers). Imported by
// people; nothing else of puretls imports it, since it is large.

import { decodeBase64 } from '../wire/pem.ts'
import * as mozilla from './mozilla.ts'

/** DER certificates, ready for the `ca` option and for trustStore(). Mozilla's limits on some roots (names, dates
 * from which a root's new certificates are not trusted) are not in it. */
export const mozillaRoots: readonly Uint8Array[] = /* @__PURE__ */ mozilla.certificates.map(
  (text) => decodeBase64(text) ?? new Uint8Array(),
)

/** The day that the list was published in its npm source, as YYYY-MM-DD: an old list trusts what Mozilla no longer
 * does. */
export const mozillaRootsDate: string = mozilla.date

/** Where the list was taken from: package and version. */
export const mozillaRootsSource: string = mozilla.source
