// Names of OCSPResponseStatus (RFC 6960 section 4.2.1), for the reader of responses and for what shows them.

/** By number. Only the first has an answer in it. */
export const ocspStatuses = {
  0: 'successful',
  1: 'malformedRequest',
  2: 'internalError',
  3: 'tryLater',
  5: 'sigRequired',
  6: 'unauthorized',
} as const

/** RFC 6960 section 4.2.1: responseStatus. */
export type OcspStatus = (typeof ocspStatuses)[keyof typeof ocspStatuses]
